package proxy_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/keepsql/keepsql/engine/internal/mariadbtest"
)

// gate is a table that nobody can read before it is opened: statements that read it run as long as a test wants, whatever the time.
type gate struct {
	t      testing.TB
	server *mariadbtest.Server
	table  string
	open   func() // more than once is as good as once
}

// newGate makes a gate that is closed. It is opened at the end of the test at the latest.
func newGate(t testing.TB, s *mariadbtest.Server) *gate {
	t.Helper()
	if s == nil {
		t.Skip("skipped, needs a database: mariadb-server is not installed")
	}
	g := &gate{t: t, server: s, table: "d.gate_" + strings.ToLower(strings.ReplaceAll(t.Name(), "/", "_"))}
	db := s.DB("")
	c, err := db.Conn(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range []string{"CREATE OR REPLACE TABLE %s (a INT)", "LOCK TABLES %s WRITE"} {
		if _, err := c.ExecContext(context.Background(), strings.ReplaceAll(q, "%s", g.table)); err != nil {
			t.Fatal(err)
		}
	}
	g.open = sync.OnceFunc(func() {
		if _, err := c.ExecContext(context.Background(), "UNLOCK TABLES"); err != nil {
			t.Error(err)
		}
		c.Close()
		db.Close()
	})
	t.Cleanup(g.open)
	return g
}

// query is a statement that gives 0 once the gate is open.
func (g *gate) query() string { return "SELECT COUNT(*) FROM " + g.table }

// reached waits until so many statements stand before the gate.
func (g *gate) reached(statements int) {
	g.t.Helper()
	waitFor(g.t, fmt.Sprintf("%d statements at %s", statements, g.table), func() bool {
		return len(g.server.Query(g.t, "SELECT id FROM information_schema.processlist WHERE info LIKE '"+g.query()+"%'")) == statements
	})
}
