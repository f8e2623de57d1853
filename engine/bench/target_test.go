package bench_test

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/keepsql/keepsql/engine/bench"
	"github.com/keepsql/keepsql/engine/internal/freeport"
)

// maxClients is what every program on the way is set up for: the idle clients and the busy ones.
const maxClients = 8000

// target is what sysbench is pointed at. pid 0 is no proxy.
type target struct {
	name bench.Target
	port int
	pid  int
}

// starter starts a proxy in front of the server on a port, for the length of the test.
type starter func(t *testing.T, server int) target

// starters finds the proxies there are. HAProxy comes first, keepsql last.
func starters(t *testing.T, bin string) []starter {
	var list []starter
	if _, err := exec.LookPath("haproxy"); err == nil {
		list = append(list, haproxy)
	} else {
		t.Log("without HAProxy, which is not installed (apt install haproxy)")
	}
	name := os.Getenv("KEEPSQL_BENCH_PROXYSQL")
	if name == "" {
		name = "proxysql"
	}
	if path, err := exec.LookPath(name); err == nil {
		list = append(list, func(t *testing.T, server int) target { return proxysql(t, path, server) })
	} else {
		t.Log("without ProxySQL, which is not installed (KEEPSQL_BENCH_PROXYSQL names the program)")
	}
	return append(list, func(t *testing.T, server int) target { return keepsql(t, bin, server, splitRules) })
}

func haproxy(t *testing.T, server int) target {
	t.Helper()
	port := freePort(t)
	name := file(t, "haproxy.cfg", fmt.Sprintf(`global
  nbthread 2
  maxconn %d
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
`, maxClients+1000, port, server))
	return await(t, target{bench.HAProxy, port, run(t, "haproxy", "-db", "-f", name)})
}

// splitRules are the two rules of a read/write split.
const splitRules = `{ rule_id=1, active=1, match_digest="^SELECT.*FOR UPDATE$", destination_hostgroup=0, apply=1 },
	{ rule_id=2, active=1, match_digest="^SELECT", destination_hostgroup=1, apply=1 }`

// manyRules are n rules of which only the last one matches, in a mixture of the forms people write.
func manyRules(n int) string {
	var b strings.Builder
	for i := 1; i < n; i++ {
		pattern := fmt.Sprintf(`match_digest="^SELECT .* FROM orders_%d WHERE"`, i)
		switch i % 4 {
		case 1:
			pattern = fmt.Sprintf(`match_digest="^(INSERT|UPDATE|DELETE).*customers_%d( |$)"`, i)
		case 2:
			pattern = fmt.Sprintf(`match_pattern="FROM +(articles|prices)_%d\\s+WHERE .* LIMIT [0-9]+$"`, i)
		case 3:
			pattern = fmt.Sprintf(`match_digest="^select (a|b|c)%d,.+ from [a-z_]+ where id = \\?$"`, i)
		}
		fmt.Fprintf(&b, "{ rule_id=%d, active=1, %s, destination_hostgroup=0, apply=1 },\n\t", i, pattern)
	}
	fmt.Fprintf(&b, `{ rule_id=%d, active=1, match_digest="^SELECT c FROM sbtest", destination_hostgroup=1, apply=1 }`, n)
	return b.String()
}

// keepsql starts the proxy with rules and digests on.
func keepsql(t *testing.T, bin string, server int, rules string) target {
	t.Helper()
	port := freePort(t)
	return await(t, target{bench.Keepsql, port, run(t, bin, "run", "-c", configuration(t, port, server, rules))})
}

func proxysql(t *testing.T, bin string, server int) target {
	t.Helper()
	port := freePort(t)
	pid := run(t, bin, "-f", "--initial", "-D", t.TempDir(), "-c", configuration(t, port, server, splitRules))
	return await(t, target{bench.ProxySQL, port, pid})
}

// configuration is the file that both keepsql and ProxySQL read.
func configuration(t *testing.T, port, server int, rules string) string {
	return file(t, "proxysql.cnf", fmt.Sprintf(`datadir="%s"
admin_variables= { mysql_ifaces="127.0.0.1:%d" }
mysql_variables= { threads=2, interfaces="127.0.0.1:%d", monitor_enabled=false, max_connections=%d }
mysql_servers= ( { address="127.0.0.1", port=%d, hostgroup=0, max_connections=1000 },
	{ address="127.0.0.1", port=%d, hostgroup=1, max_connections=1000 } )
mysql_users= ( { username="sb", password="sb", default_hostgroup=0, active=1, max_connections=%d } )
mysql_query_rules= ( %s )
`, t.TempDir(), freePort(t), port, maxClients, server, server, maxClients, rules))
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
	return freeport.Get(t)
}

// await waits until a target takes connections.
func await(t *testing.T, c target) target {
	t.Helper()
	var last error
	for range 600 {
		nc, err := net.DialTimeout("tcp", fmt.Sprint("127.0.0.1:", c.port), time.Second)
		if err == nil {
			nc.Close()
			return c
		}
		last = err
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatalf("%s does not listen: %v", c.name, last)
	return c
}
