package admin_test

import (
	"context"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// mysql runs the mysql command line client (MariaDB's) against a node and gives all it printed.
func mysql(t *testing.T, n *node, input string, options ...string) string {
	t.Helper()
	program, err := exec.LookPath("mysql")
	if err != nil {
		t.Skip("the mysql command line client is not installed")
	}
	return runClient(t, input, program, append(clientOptions(t, n), options...)...)
}

func clientOptions(t *testing.T, n *node) []string {
	host, port, err := net.SplitHostPort(n.address())
	if err != nil {
		t.Fatal(err)
	}
	return []string{"--no-defaults", "-h" + host, "-P" + port, "-uadmin", "-padmin"}
}

func runClient(t *testing.T, input, program string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Stdin = strings.NewReader(input)
	cmd.Env = append(os.Environ(), "TERM=dumb", "HOME="+t.TempDir())
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", program, err, out)
	}
	return string(out)
}

// The walkthrough of a cluster's set-up, statement by statement as an operator types it.
func TestWalkthroughInTheClient(t *testing.T) {
	n := start(t, setup{tls: certificate(t)})
	out := mysql(t, n, readFile(t, "../../testdata/seed/walkthrough.sql"), "-v", "-v")
	if want := "Query OK, 1 row affected"; !strings.Contains(out, want) || strings.Contains(out, "ERROR") {
		t.Errorf("the client's output lacks %q or has an error:\n%s", want, out)
	}
	c := n.admin()
	c.steps(
		step{"SELECT name, version FROM runtime_checksums_values", "admin_variables 2\nmysql_query_rules 2\nmysql_servers 2\nmysql_servers_v2 2\nmysql_users 1\nmysql_variables 2\nproxysql_servers 2"},
		step{"SELECT hostname, comment FROM runtime_proxysql_servers", "10.99.0.1 proxysql_node1\n10.99.0.2 proxysql_node2"},
		step{"SELECT variable_value FROM disk.global_variables WHERE variable_name='admin-cluster_username'", "cluster_user"},
		step{"SELECT count(*) FROM disk.proxysql_servers", "2"},
		step{"SELECT @@mysql-monitor_read_only_interval", "2000"},
	)
	if _, err := n.login("cluster_user", "cluster_pass"); err != nil {
		t.Errorf("cluster user: %v", err)
	}
}

// status shows what the client knows of the connection, for which it asks several things.
func TestClientStatus(t *testing.T) {
	n := start(t, setup{memory: true, tls: certificate(t)})
	for name, options := range map[string][]string{"plain": {"--skip-ssl"}, "tls": {"--ssl"}} {
		out := mysql(t, n, "\\s\nuse main\nselect 1", append(options, "-t")...)
		for _, want := range []string{
			"Current user:\t\tadmin", "Server version:\t\t8.0.11 (ProxySQL Admin Module)", "Protocol version:\t10", "Uptime:", "Threads: 0  Questions: 0",
			"Server characterset:\tutf8", map[string]string{"plain": "Not in use", "tls": "Cipher in use is"}[name],
		} {
			if !strings.Contains(out, want) {
				t.Errorf("%s: status lacks %q:\n%s", name, want, out)
			}
		}
	}
}

// An interactive client asks for schemas, tables and columns at its start, and says goodbye.
func TestInteractiveClient(t *testing.T) {
	script, err := exec.LookPath("script")
	if err != nil {
		t.Skip("script (util-linux) is not installed")
	}
	n := start(t, setup{memory: true})
	args := append([]string{"mysql"}, clientOptions(t, n)...)
	args = append(args, "--prompt='Admin> '", "--auto-rehash", "--database=main")
	out := runClient(t, "SELECT 40+2 AS answer;\nSHOW TABLES;\nSELEC 1;\nexit\n", script, "-qec", strings.Join(args, " "), os.DevNull)
	for _, want := range []string{"Welcome to the MariaDB monitor", "Admin> ", "| 42     |", "mysql_aws_aurora_hostgroups", "1 row in set", `ERROR 1045 (28000): ProxySQL Admin Error: near "SELEC": syntax error`, "Bye"} {
		if !strings.Contains(out, want) {
			t.Errorf("the session lacks %q:\n%s", want, out)
		}
	}
}
