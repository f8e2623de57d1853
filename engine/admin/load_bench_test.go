package admin_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/sys/unix"

	"github.com/keepsql/keepsql/conf"
	"github.com/keepsql/keepsql/conf/layers"
	"github.com/keepsql/keepsql/conf/schema"
	"github.com/keepsql/keepsql/conf/store"
	"github.com/keepsql/keepsql/engine/admin"
	"github.com/keepsql/keepsql/engine/proxy"
	"github.com/keepsql/keepsql/engine/wire"
)

// large fills a configuration as upstream's figures were taken with.
func large(b *testing.B, st *store.Store, schemaName string, users, servers, rules int) {
	b.Helper()
	fill := func(table, columns string, n int, row func(i int) []string) {
		rows := &schema.Rows{Columns: strings.Fields(columns)}
		for i := range n {
			rows.Rows = append(rows.Rows, rowOf(row(i)...))
		}
		if err := st.Tx(func(tx store.Tx) error { return tx.Insert(schemaName+"."+table, rows) }); err != nil {
			b.Fatal(err)
		}
	}
	fill("mysql_users", "username password default_hostgroup", users, func(i int) []string {
		return []string{fmt.Sprintf("user%d", i), fmt.Sprintf("*%040X", i), "1"}
	})
	fill("mysql_servers", "hostgroup_id hostname", servers, func(i int) []string {
		return []string{fmt.Sprint(i % 10), fmt.Sprintf("10.0.%d.%d", i/250, i%250)}
	})
	fill("mysql_query_rules", "rule_id active match_digest destination_hostgroup apply", rules, func(i int) []string {
		return []string{fmt.Sprint(i + 1), "1", fmt.Sprintf("^SELECT .* FROM table_%d WHERE id=\\?$", i), "1", "1"}
	})
}

// parts are layers, proxy and admin interface on a data directory, as the engine has them.
type parts struct {
	store  *store.Store
	layers *layers.Manager
	proxy  *proxy.Proxy
	stop   func()
}

func startParts(b *testing.B, dir string) parts {
	b.Helper()
	must := func(err error) {
		if err != nil {
			b.Fatal(err)
		}
	}
	st, err := store.Open(dir)
	must(err)
	state, err := store.OpenState(dir)
	must(err)
	log := zerolog.Nop()
	m, err := layers.New(layers.Options{Log: log, Store: st, State: state, Version: upstreamVersion, NoSQLiteServer: true})
	must(err)
	p := proxy.New(proxy.Options{Log: log, Layers: m})
	a := admin.New(admin.Options{Log: log, Store: st, Layers: m, Tables: p.Tables(), Interfaces: "127.0.0.1:0"})
	ctx, cancel := context.WithCancel(context.Background())
	must(m.Boot(&conf.File{Variables: []conf.Variable{{Name: "mysql-interfaces", Value: "127.0.0.1:0"}}}, false))
	done := make(chan error, 2)
	go func() { done <- p.Run(ctx) }()
	go func() { done <- a.Run(ctx) }()
	return parts{st, m, p, func() {
		cancel()
		for range 2 {
			must(<-done)
		}
		must(st.Close())
		must(state.Close())
	}}
}

// firstLogin waits until a client is let in by the proxy.
func firstLogin(b *testing.B, p *proxy.Proxy, user, password string) {
	b.Helper()
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		for _, a := range p.Addrs() {
			c, err := wire.Open(context.Background(), "tcp", a.String(), &wire.Account{User: user, Password: password}, time.Second)
			if err == nil {
				_ = c.Close()
				return
			}
		}
	}
	b.Fatal("nobody gets in")
}

// Loads with everything that works by them: the proxy's rules, users and hostgroups. Upstream's figures are in brackets.
func BenchmarkLoad(b *testing.B) {
	e := startParts(b, b.TempDir())
	defer e.stop()
	large(b, e.store, "main", 50000, 1000, 10000)
	for _, module := range []string{
		schema.MySQLQueryRules, // 10 000: 76 ms
		schema.MySQLUsers,      // 50 000: 274 ms
		schema.MySQLServers,    // 1 000: 30 ms
	} {
		for _, how := range []string{"again", "changed"} {
			b.Run(module+"/"+how, func(b *testing.B) {
				defer reportCPU(b)()
				for i := 0; b.Loop(); i++ {
					if how == "changed" {
						edit(b, e.store, module, i)
					}
					if err := e.layers.Load(module, "bench"); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// reportCPU adds the processor time of an operation, which says more than the clock where others use the host too. It counts
// what is done with the timer stopped as well.
func reportCPU(b *testing.B) func() {
	used := func() time.Duration {
		var u unix.Rusage
		if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
			b.Fatal(err)
		}
		return time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	before := used()
	return func() { b.ReportMetric(float64((used()-before).Microseconds())/1000/float64(b.N), "cpu-ms/op") }
}

// edit changes one row of a module in memory.
func edit(b *testing.B, st *store.Store, table string, i int) {
	b.Helper()
	_, err := st.Exec(context.Background(), fmt.Sprintf("UPDATE main.%s SET comment='%d' WHERE rowid=500", table, i))
	if err != nil {
		b.Fatal(err)
	}
}

// Boot from disk to the first login at the proxy, with 50 000 users, 1 000 servers and 10 000 rules (upstream: 1 014 ms).
func BenchmarkBoot(b *testing.B) {
	dir := b.TempDir()
	e := startParts(b, dir)
	large(b, e.store, "disk", 50000, 1000, 10000)
	if _, err := e.store.Exec(context.Background(), "INSERT INTO disk.mysql_users(username,password) VALUES('app','secret')"); err != nil {
		b.Fatal(err)
	}
	e.stop()
	defer reportCPU(b)()
	for b.Loop() {
		e := startParts(b, dir)
		firstLogin(b, e.proxy, "app", "secret")
		b.StopTimer()
		e.stop()
		b.StartTimer()
	}
}
