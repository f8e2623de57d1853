package proxy_test

import (
	"context"
	"net"
	"os"
	osexec "os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/keepsql/keepsql/engine/internal/clienttest"
)

// The scripts in testdata/drivers use the proxy as applications do: at connect time what frameworks send, transactions,
// pools, prepared statements, characters of four bytes, large values, KILL. They print what went wrong and then fail.

func TestPyMySQL(t *testing.T) { python(t, "pymysql", "python3-pymysql") }

func TestMySQLdb(t *testing.T) { python(t, "MySQLdb", "python3-mysqldb") }

func python(t *testing.T, module, pkg string) {
	const bin = "/usr/bin/python3" // the one distribution packages are for
	if osexec.Command(bin, "-c", "import "+module).Run() != nil {
		t.Skipf("skipped, needs Python's %s (apt install %s)", module, pkg)
	}
	n := start(t, "", "")
	client(t, bin, "testdata/drivers/python.py", module, n.port(), "app_pass")
}

func TestNodeMySQL2(t *testing.T) {
	bin, env := clienttest.Node(t)
	n := start(t, "", "")
	clientIn(t, env, bin, "testdata/drivers/node.js", n.port(), "app_pass")
}

func TestMariaDBConnectorJ(t *testing.T) {
	t.Parallel()
	bin, args := clienttest.Java(t, "testdata/drivers/Driver.java")
	n := start(t, ` server_version="5.5.5-10.11.6-MariaDB"`+"\n", "") // it asks for variables by the version
	client(t, bin, append(args, n.port(), "app_pass")...)
}

func TestPHP(t *testing.T) {
	bin, err := osexec.LookPath("php")
	if err != nil || osexec.Command(bin, "-r", "exit(function_exists('mysqli_init') && class_exists('PDO') ? 0 : 1);").Run() != nil {
		t.Skip("skipped, needs PHP with mysqli (apt install php-cli php-mysql)")
	}
	n := start(t, "", "")
	client(t, bin, "testdata/drivers/php.php", n.port(), "app_pass", n.socket)
}

// TestSysbench runs the workloads everybody measures with, with statements prepared on the server and without.
func TestSysbench(t *testing.T) {
	t.Parallel()
	bin, err := osexec.LookPath("sysbench")
	if err != nil {
		t.Skip("skipped, needs sysbench (apt install sysbench)")
	}
	n := start(t, "", readWriteSplit)
	exec(t, n.open(1), "CREATE DATABASE sbtest")
	reader.Exec(t, "CREATE DATABASE sbtest", "CREATE TABLE sbtest.sbtest1 (id INT PRIMARY KEY, k INT, c CHAR(120), pad CHAR(60))")
	args := []string{"--mysql-host=127.0.0.1", "--mysql-port=" + n.port(), "--mysql-user=app", "--mysql-password=app_pass",
		"--mysql-db=sbtest", "--tables=1", "--table-size=1000", "--threads=4", "--events=300", "--time=20"}
	client(t, bin, append(args, "oltp_read_write", "prepare")...)
	for _, mode := range []string{"auto", "disable"} {
		for _, workload := range []string{"oltp_point_select", "oltp_read_write", "bulk_insert"} {
			if workload == "bulk_insert" {
				client(t, bin, append(args, "bulk_insert", "cleanup")...)
				client(t, bin, append(args, "bulk_insert", "prepare")...)
			}
			out := client(t, bin, append(args, "--db-ps-mode="+mode, workload, "run")...)
			if !sysbenchOK.MatchString(out) {
				t.Errorf("%s with --db-ps-mode=%s:\n%s", workload, mode, out)
			}
		}
		client(t, bin, append(args, "oltp_read_write", "cleanup")...)
		client(t, bin, append(args, "oltp_read_write", "prepare")...)
	}
}

// sysbenchOK is a run to whose end no connection was made anew. Errors that it ignores are deadlocks of its threads.
var sysbenchOK = regexp.MustCompile(`reconnects: +0 `)

func TestPerlDBD(t *testing.T) {
	const bin = "/usr/bin/perl"
	if osexec.Command(bin, "-MDBD::mysql", "-e", "1").Run() != nil {
		t.Skip("skipped, needs Perl's DBD::mysql (apt install libdbd-mysql-perl)")
	}
	n := start(t, "", "")
	client(t, bin, "testdata/drivers/perl.pl", n.port(), "app_pass")
}

func TestMysqldump(t *testing.T) {
	t.Parallel()
	bin, err := osexec.LookPath("mysqldump")
	if err != nil {
		t.Skip("skipped, needs mysqldump (apt install mariadb-client)")
	}
	n := start(t, "", "")
	exec(t, n.open(1), "CREATE DATABASE dump", "CREATE TABLE dump.x (v VARCHAR(20)) CHARACTER SET utf8mb4",
		"INSERT INTO dump.x VALUES ('dumped')", "CREATE VIEW dump.y AS SELECT * FROM dump.x")
	args := []string{"--no-defaults", "-h127.0.0.1", "-P" + n.port(), "-uapp", "-papp_pass"}
	for _, how := range []string{"--single-transaction", "--lock-tables"} {
		out := client(t, bin, append(args, how, "--routines", "--events", "--triggers", "dump")...)
		for _, want := range []string{"'dumped'", "VIEW `y`", "Dump completed"} {
			if !strings.Contains(out, want) {
				t.Errorf("%s: %s is missing in:\n%s", how, want, out)
			}
		}
	}
}

func TestMysqlCLI(t *testing.T) {
	t.Parallel()
	bin, err := osexec.LookPath("mysql")
	if err != nil {
		t.Skip("skipped, needs the mysql client (apt install mariadb-client)")
	}
	n := start(t, "", "")
	out := client(t, bin, "--no-defaults", "--auto-rehash", "-h127.0.0.1", "-P"+n.port(), "-uapp", "-papp_pass", "d",
		"-e", "use e; select database(); status; show tables from d")
	for _, want := range []string{"ProxySQL", "Current user:\t\tapp", "who"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is missing in:\n%s", want, out)
		}
	}
}

// client runs a program for three minutes at most and gives what it printed.
func client(t *testing.T, name string, args ...string) string {
	t.Helper()
	return clientIn(t, os.Environ(), name, args...)
}

func clientIn(t *testing.T, env []string, name string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	c := osexec.CommandContext(ctx, name, args...)
	c.Env = append(env, "LC_ALL=C.UTF-8")
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", name, err, out)
	}
	return string(out)
}

// port is the port of the TCP listener.
func (n *node) port() string {
	_, port, err := net.SplitHostPort(n.tcp())
	if err != nil {
		n.t.Fatal(err)
	}
	return port
}
