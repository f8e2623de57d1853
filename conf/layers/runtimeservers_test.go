package layers_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/keepsql/keepsql/conf/layers"
	"github.com/keepsql/keepsql/conf/layers/layerstest"
	"github.com/keepsql/keepsql/conf/schema"
)

// TestEditRuntimeServers: what a monitor does changes the servers in force, their checksum and epoch, and nothing else.
func TestEditRuntimeServers(t *testing.T) {
	n := start(t, "")
	if _, err := n.EditRuntimeServers("monitor", func(*layers.Snapshot) *schema.Rows { return nil }); err == nil {
		t.Error("edited before anything was loaded")
	}
	if err := n.Boot(layerstest.File(t, "mysql_servers=({hostgroup_id=2; hostname=\"b\"},{hostgroup_id=1; hostname=\"a\"})"), false); err != nil {
		t.Fatal(err)
	}
	before := n.Stamps()
	move := func(s *layers.Snapshot) *schema.Rows {
		rows := s.Runtime["mysql_servers"].Clone()
		for _, r := range rows.Rows {
			r[0] = schema.Text("3")
		}
		return rows
	}
	seen := 0
	n.Subscribe(schema.MySQLServers, layers.ConsumerFunc(func(*layers.Snapshot) (func(), error) { return func() { seen++ }, nil }))
	changed, err := n.EditRuntimeServers("monitor", move)
	if err != nil || !changed || seen != 1 {
		t.Fatalf("changed %v, %v, seen %d times", changed, err, seen)
	}
	rows := n.Snapshot(schema.MySQLServers).Runtime["mysql_servers"]
	if got := rows.Get(0, "hostname").Text + rows.Get(1, "hostname").Text + rows.Get(0, "hostgroup_id").Text; got != "ab3" {
		t.Errorf("in force: %v", rows.Rows)
	}
	after := n.Stamps()
	a, b := before[schema.MySQLServers], after[schema.MySQLServers]
	if a.Version != b.Version || b.Epoch <= a.Epoch || a.Checksum == b.Checksum {
		t.Errorf("%+v became %+v", a, b)
	}
	delete(before, schema.MySQLServers)
	delete(after, schema.MySQLServers)
	if d := cmp.Diff(before, after); d != "" {
		t.Error(d)
	}
	for _, edit := range []func(*layers.Snapshot) *schema.Rows{move, func(*layers.Snapshot) *schema.Rows { return nil }} {
		if changed, err := n.EditRuntimeServers("monitor", edit); changed || err != nil || seen != 1 {
			t.Errorf("no change: %v, %v, seen %d times", changed, err, seen)
		}
	}
	n.Subscribe(schema.MySQLServers, layers.ConsumerFunc(func(*layers.Snapshot) (func(), error) { return nil, errors.New("no") }))
	if changed, err := n.EditRuntimeServers("monitor", func(*layers.Snapshot) *schema.Rows { return &schema.Rows{Columns: rows.Columns} }); changed || err == nil {
		t.Errorf("a consumer refused: %v, %v", changed, err)
	}
}
