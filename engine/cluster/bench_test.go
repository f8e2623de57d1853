package cluster_test

import (
	"crypto/tls"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/keepsql/keepsql/conf/layers"
	"github.com/keepsql/keepsql/engine/admin"
	"github.com/keepsql/keepsql/engine/cluster"
)

// TestSatellites: 20 satellites check one core five times a second. What both sides use of the processor is an upper bound of
// what the core does.
func TestSatellites(t *testing.T) {
	if testing.Short() {
		t.Skip("measures, and needs a few seconds for that")
	}
	port := freePorts(t, 1)[0]
	const often = `cluster_check_interval_ms=200;`
	core := prepare(t, uuidA, version, timing())
	cfg := certificate(t)
	server := admin.New(admin.Options{
		Log: core.logger, Store: core.store, Layers: core.layers, Tables: core.cluster.Tables(), Peers: core.cluster,
		TLS: func() *tls.Config { return cfg },
	})
	core.boot(config(nil, often+fmt.Sprintf(` mysql_ifaces="127.0.0.1:%d";`, port)))
	core.run(server.Run)
	const satellites = 20
	for i := range satellites {
		uuid := fmt.Sprintf("22222222-2222-2222-2222-%012d", i)
		s := prepareWith(t, cluster.Options{UUID: uuid, Timing: timing()}, layers.Options{Version: version})
		s.boot(config([]int{port}, often))
	}
	eventually(t, "all satellites", func() bool {
		return len(strings.Fields(core.table("stats_proxysql_servers_clients_status", "uuid"))) == satellites
	})
	time.Sleep(time.Second)
	used, began := processor(t), time.Now()
	time.Sleep(3 * time.Second)
	share := float64(processor(t)-used) / float64(time.Since(began)) * 100
	t.Logf("the core and its satellites use %.1f %% of a processor", share)
	if share > 20 { // under 5 for the core where nothing else runs
		t.Errorf("%.1f %% of a processor", share)
	}
}

// processor is the time that this process has used.
func processor(t *testing.T) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
