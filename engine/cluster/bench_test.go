package cluster_test

import (
	"crypto/tls"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/keepsql/keepsql/conf/layers"
	"github.com/keepsql/keepsql/engine/admin"
	"github.com/keepsql/keepsql/engine/cluster"
)

const (
	satellites = 20
	often      = `cluster_check_interval_ms=200;`
	// corePort tells the test binary to be the core of TestSatellites.
	corePort = "KEEPSQL_CORE_PORT"
)

// TestSatellites: 20 satellites check one core five times a second. The core is a process of its own, so that what it uses of a
// processor can be told.
func TestSatellites(t *testing.T) {
	if testing.Short() {
		t.Skip("measures, and needs a few seconds for that")
	}
	port := freePorts(t, 1)[0]
	core := startCore(t, port)
	for i := range satellites {
		uuid := fmt.Sprintf("22222222-2222-2222-2222-%012d", i)
		s := prepareWith(t, cluster.Options{UUID: uuid, Timing: timing()}, layers.Options{Version: version})
		s.boot(config([]int{port}, often))
		s.logged("detected a new checksum for proxysql_servers from peer")
	}
	time.Sleep(time.Second)
	best := 100.0
	for range 3 { // neighbours cost, too: the best of some tries counts
		used, began := processor(t, core), time.Now()
		time.Sleep(3 * time.Second)
		best = min(best, float64(processor(t, core)-used)/float64(time.Since(began))*100)
		t.Logf("the core uses %.1f %% of a processor", best)
		if best <= 10 { // under 5 where nothing else runs
			return
		}
	}
	t.Errorf("%.1f %% of a processor", best)
}

// startCore runs this test binary as the core and gives its process id.
func startCore(t *testing.T, port int) (pid int) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run", "^TestCoreProcess$")
	cmd.Env = append(os.Environ(), corePort+"="+itoa(port))
	life, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		life.Close()
		if err := cmd.Wait(); err != nil {
			t.Errorf("the core ended badly: %v", err)
		}
	})
	return cmd.Process.Pid
}

// TestCoreProcess is the core of TestSatellites, in a process of its own: it lives for as long as its standard input is open.
func TestCoreProcess(t *testing.T) {
	port := os.Getenv(corePort)
	if port == "" {
		t.Skip("part of TestSatellites")
	}
	core := prepare(t, uuidA, version, timing())
	cfg := certificate(t)
	server := admin.New(admin.Options{
		Log: core.logger, Store: core.Store, Layers: core.Layers, Tables: core.cluster.Tables(), Peers: core.cluster,
		TLS: func() *tls.Config { return cfg },
	})
	core.boot(config(nil, often+fmt.Sprintf(` mysql_ifaces="127.0.0.1:%s";`, port)))
	core.Run(server.Run)
	if _, err := io.Copy(io.Discard, os.Stdin); err != nil {
		t.Error(err)
	}
	if n := len(strings.Fields(core.table("stats_proxysql_servers_clients_status", "uuid"))); n > satellites {
		t.Errorf("%d satellites", n)
	}
}

// processor is the time that a process has used.
func processor(t *testing.T, pid int) time.Duration {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), ") ")
	var user, system int64
	fields := strings.Fields(rest)
	if _, err := fmt.Sscan(fields[11]+" "+fields[12], &user, &system); err != nil {
		t.Fatal(err)
	}
	return time.Duration(user+system) * 10 * time.Millisecond // in clock ticks, of which there are 100 a second
}
