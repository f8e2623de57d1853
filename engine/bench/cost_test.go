package bench_test

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/keepsql/keepsql/engine/internal/mariadbtest"
)

const (
	repetitions = 3
	seconds     = 4 // of one run
	threads     = 16
)

// target is what sysbench is pointed at. pid 0 is no proxy.
type target struct {
	name string
	port int
	pid  int
}

func TestCostPerStatement(t *testing.T) {
	bin := os.Getenv("KEEPSQL_BIN")
	if os.Getenv("KEEPSQL_BENCH") == "" || bin == "" {
		t.Skip("skipped, takes two minutes: make bench")
	}
	if _, err := exec.LookPath("sysbench"); err != nil {
		t.Skip("skipped, needs sysbench (apt install sysbench)")
	}
	s := mariadbtest.Start(t, mariadbtest.Opts{Args: []string{"--max-connections=300", "--max-prepared-stmt-count=100000"}, SQL: []string{
		"CREATE DATABASE sb", "CREATE USER sb@'%' IDENTIFIED BY 'sb'", "GRANT ALL ON sb.* TO sb@'%'"}})
	targets := []target{{"direct", s.Port, 0}}
	if _, err := exec.LookPath("haproxy"); err == nil {
		targets = append(targets, haproxy(t, s.Port))
	} else {
		t.Log("without HAProxy, which is not installed (apt install haproxy)")
	}
	targets = append(targets, keepsql(t, bin, s.Port))
	for _, c := range targets {
		await(t, c)
	}
	sysbench(t, targets[0], "disable", "prepare")
	for _, ps := range []string{"disable", "auto"} {
		costs, rates := map[string][]float64{}, map[string][]float64{}
		for range repetitions {
			for _, c := range targets {
				cost, rate := measure(t, c, ps)
				costs[c.name], rates[c.name] = append(costs[c.name], cost), append(rates[c.name], rate)
			}
		}
		for _, c := range targets {
			line := fmt.Sprintf("ps-mode %-8s %-8s %7.0f statements/s", ps, c.name, median(rates[c.name]))
			if c.pid != 0 {
				line += fmt.Sprintf("  %5.1f µs of the proxy's CPU each", median(costs[c.name]))
			}
			if h := median(costs["haproxy"]); c.name == "keepsql" && h > 0 {
				line += fmt.Sprintf("  %.2f × HAProxy", median(costs[c.name])/h)
			}
			t.Log(line)
		}
	}
}

func median(v []float64) float64 {
	if len(v) == 0 {
		return 0
	}
	slices.Sort(v)
	return v[len(v)/2]
}

// measure runs sysbench once and gives the proxy's CPU time per statement in µs, and statements per second.
func measure(t *testing.T, c target, ps string) (cost, rate float64) {
	t.Helper()
	var before time.Duration
	if c.pid != 0 {
		before = cpu(t, c.pid)
	}
	out := sysbench(t, c, ps, "run")
	m := regexp.MustCompile(`queries:\s+(\d+)\s+\(([\d.]+) per sec`).FindSubmatch(out)
	if m == nil {
		t.Fatalf("%s: no number of queries in:\n%s", c.name, out)
	}
	n, _ := strconv.ParseFloat(string(m[1]), 64)
	rate, _ = strconv.ParseFloat(string(m[2]), 64)
	if c.pid != 0 {
		cost = float64((cpu(t, c.pid) - before).Microseconds()) / n
	}
	return cost, rate
}

func sysbench(t *testing.T, c target, ps, command string) []byte {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "sysbench", "oltp_point_select", "--db-driver=mysql", "--mysql-host=127.0.0.1",
		fmt.Sprint("--mysql-port=", c.port), "--mysql-user=sb", "--mysql-password=sb", "--mysql-db=sb", "--tables=2", "--table-size=10000",
		"--rand-type=uniform", "--db-ps-mode="+ps, fmt.Sprint("--threads=", threads), fmt.Sprint("--time=", seconds), command)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("sysbench %s: %v\n%s", c.name, err, out)
	}
	return out
}

func haproxy(t *testing.T, server int) target {
	t.Helper()
	port := freePort(t)
	name := file(t, "haproxy.cfg", fmt.Sprintf(`global
  nbthread 2
defaults
  mode tcp
  timeout connect 5s
  timeout client 1h
  timeout server 1h
frontend f
  bind 127.0.0.1:%d
  default_backend b
backend b
  server s 127.0.0.1:%d
`, port, server))
	return target{"haproxy", port, run(t, "haproxy", "-db", "-f", name)}
}

// keepsql starts the proxy with the two rules of a read/write split and digests on.
func keepsql(t *testing.T, bin string, server int) target {
	t.Helper()
	port := freePort(t)
	name := file(t, "keepsql.cnf", fmt.Sprintf(`datadir="%s"
admin_variables: { mysql_ifaces="127.0.0.1:%d" }
mysql_variables: { interfaces="127.0.0.1:%d" monitor_enabled=false }
mysql_servers: ( { address="127.0.0.1", port=%d, hostgroup=0, max_connections=300 },
	{ address="127.0.0.1", port=%d, hostgroup=1, max_connections=300 } )
mysql_users: ( { username="sb", password="sb" } )
mysql_query_rules: ( { rule_id=1, active=1, match_digest="^SELECT.*FOR UPDATE$", destination_hostgroup=0, apply=1 },
	{ rule_id=2, active=1, match_digest="^SELECT", destination_hostgroup=1, apply=1 } )
`, t.TempDir(), freePort(t), port, server, server))
	return target{"keepsql", port, run(t, bin, "run", "-c", name)}
}

func file(t *testing.T, name, text string) string {
	t.Helper()
	name = filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// await waits until a target takes connections.
func await(t *testing.T, c target) {
	t.Helper()
	var last error
	for range 100 {
		nc, err := net.DialTimeout("tcp", fmt.Sprint("127.0.0.1:", c.port), time.Second)
		if err == nil {
			nc.Close()
			return
		}
		last = err
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatalf("%s does not listen: %v", c.name, last)
}
