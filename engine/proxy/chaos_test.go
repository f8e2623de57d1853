package proxy_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/keepsql/keepsql/engine/internal/mariadbtest"
	"github.com/keepsql/keepsql/engine/monitor"
)

// Clients insert known sequences, alone and in transactions, while the server's connections are killed, reset and cut amid a
// statement, and the server hangs, restarts and crashes. Nothing is executed twice, nothing that was acknowledged is lost, no
// transaction is there by half, and no session ends without an error packet.
//
// KEEPSQL_HARM is how long that goes on in the long form, which make soak runs: "5m".
func TestNothingRepeatedOrLost(t *testing.T) {
	t.Parallel()
	length := 10 * time.Second
	if text := os.Getenv("KEEPSQL_HARM"); text != "" {
		var err error
		if length, err = time.ParseDuration(text); err != nil {
			t.Fatalf("read KEEPSQL_HARM: %v", err)
		}
	}
	if testing.Short() {
		length = 4 * time.Second
	}
	s := mariadbtest.Start(t, mariadbtest.Opts{SQL: setup, Args: []string{"--innodb-flush-log-at-trx-commit=1"}})
	s.Exec(t, "CREATE TABLE d.seq (client INT, n INT, KEY (client, n))", "CREATE USER monitor@'%' IDENTIFIED BY 'monitor'")
	wires := newSaboteur(t, s.Addr)
	n := startWith(t, `shun_recovery_time_sec=1 connect_retries_on_failure=500 connect_retries_delay=20 ping_interval_server_msec=1000
monitor_ping_interval=100 monitor_ping_timeout=300 monitor_ping_max_failures=2`,
		fmt.Sprintf(`mysql_servers: ( { address="127.0.0.1", port=%d, hostgroup=10, max_connections=8 } )`, wires.port))
	n.watch()

	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	clients := make([]*counter, 12)
	var wg sync.WaitGroup
	var total atomic.Int64
	for i := range clients {
		clients[i] = &counter{n: n, id: i, acknowledged: map[int]bool{}, total: &total, errors: map[uint16]int{}}
		wg.Go(func() { clients[i].run(ctx) })
	}
	wg.Go(func() {
		defer cancel()
		time.Sleep(length)
		for end := time.Now().Add(6 * length); total.Load() < enough && time.Now().Before(end); { // on a slow machine
			time.Sleep(100 * time.Millisecond)
		}
	})
	done := harm(ctx, t, s, wires)
	wg.Wait()
	wires.behave()
	judge(t, s, clients)
	t.Logf("harm done: %v", done)
}

// enough inserts are so many that something was tested.
const enough = 100

// watch runs a monitor on the proxy's servers.
func (n *node) watch() {
	m := monitor.New(monitor.Options{Log: zerolog.Nop(), Layers: n.Layers, Pool: n.proxy.Servers()})
	n.admin("mysql_variables", "UPDATE global_variables SET variable_value='true' WHERE variable_name='mysql-monitor_enabled'")
	n.admin("mysql_servers")
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- m.Run(ctx) }()
	n.t.Cleanup(func() { cancel(); <-done })
}

// harm does one bad thing after the other, in random order but each of them in every round, and counts them.
func harm(ctx context.Context, t *testing.T, s *mariadbtest.Server, wires *saboteur) map[string]int {
	again := func() {
		if err := s.Again(); err != nil {
			t.Error(err)
		}
	}
	deeds := []struct {
		name string
		do   func()
	}{
		{"kill connections", func() {
			db := s.DB("")
			defer db.Close()
			for _, r := range s.Query(t, "SELECT id FROM information_schema.processlist WHERE user='app' ORDER BY RAND() LIMIT 4") {
				db.Exec("KILL HARD CONNECTION " + r[0]) // it may be gone already
			}
		}},
		{"reset connections", wires.resetAll},
		{"cut behind statements", func() { wires.cut(cutSent) }},
		{"cut before statements", func() { wires.cut(cutUnsent) }},
		{"cut amid answers", func() { wires.cut(cutAnswer) }},
		{"hang for a moment", func() { s.Freeze(); time.Sleep(300 * time.Millisecond); s.Thaw() }},
		{"hang until shunned", func() { s.Freeze(); time.Sleep(1200 * time.Millisecond); s.Thaw() }},
		{"restart", func() { s.Stop(); again() }},
		{"crash", func() { s.Kill(); again() }},
	}
	done := map[string]int{}
	for {
		rand.Shuffle(len(deeds), func(i, j int) { deeds[i], deeds[j] = deeds[j], deeds[i] })
		for _, d := range deeds {
			select {
			case <-ctx.Done():
				return done
			case <-time.After(time.Duration(100+rand.IntN(300)) * time.Millisecond):
			}
			d.do()
			done[d.name]++
		}
	}
}

// judge compares what is in the table with what the clients were told.
func judge(t *testing.T, s *mariadbtest.Server, clients []*counter) {
	stored := map[string]bool{}
	for _, r := range s.Query(t, "SELECT client, n, COUNT(*) FROM d.seq GROUP BY client, n") {
		stored[r[0]+"/"+r[1]] = true
		if r[2] != "1" {
			t.Errorf("client %s: number %s was inserted %s times", r[0], r[1], r[2])
		}
	}
	total, errors := 0, map[uint16]int{}
	for _, c := range clients {
		total += len(c.acknowledged)
		for i := range c.acknowledged {
			if !stored[fmt.Sprintf("%d/%d", c.id, i)] {
				t.Errorf("client %d: number %d was acknowledged and lost", c.id, i)
			}
		}
		for _, pair := range c.pairs {
			if a, b := stored[fmt.Sprintf("%d/%d", c.id, pair)], stored[fmt.Sprintf("%d/%d", c.id, pair+1)]; a != b {
				t.Errorf("client %d: half of the transaction of numbers %d and %d is there", c.id, pair, pair+1)
			}
		}
		for _, what := range c.wrongs {
			t.Errorf("client %d: %s", c.id, what)
		}
		for code, n := range c.errors {
			errors[code] += n
		}
	}
	if total < enough {
		t.Errorf("only %d inserts: the test did not test much", total)
	}
	t.Logf("%d inserts acknowledged, errors by code: %v", total, errors)
}
