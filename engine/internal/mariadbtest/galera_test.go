package mariadbtest_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/keepsql/keepsql/engine/internal/mariadbtest"
)

// A node that was killed comes back with what was written meanwhile.
func TestGalera(t *testing.T) {
	g := mariadbtest.StartGalera(t, 2, "CREATE DATABASE d", "CREATE TABLE d.t (id INT PRIMARY KEY)")
	one, two := g.Nodes[0], g.Nodes[1]
	one.Exec(t, "INSERT INTO d.t VALUES (1)")
	one.Stop()
	two.Exec(t, "INSERT INTO d.t VALUES (2)")
	g.Return(t, one)
	for _, s := range g.Nodes {
		if d := cmp.Diff([][]string{{"1"}, {"2"}}, s.Query(t, "SELECT id FROM d.t ORDER BY id")); d != "" {
			t.Errorf("%s: %s", s.Addr, d)
		}
	}
}
