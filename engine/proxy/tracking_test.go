package proxy_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/keepsql/keepsql/engine/wire"
)

// values runs a query of one row of text.
func (b *bare) values(sql string) string {
	b.t.Helper()
	packets := b.query(sql)
	if b.a.Err != nil {
		b.t.Fatalf("%s: %v", sql, b.a.Err)
	}
	row, err := wire.DecodeRow(nil, packets[len(packets)-2], int(packets[0][0]))
	if err != nil {
		b.t.Fatal(err)
	}
	var out []string
	for _, v := range row {
		out = append(out, v.Text)
	}
	return strings.Join(out, " ")
}

// What a procedure changes of the session holds on all its connections, as the server tells it.
func TestProcedureChangesSession(t *testing.T) {
	n := start(t, "", readWriteSplit)
	writer.Exec(t, "CREATE OR REPLACE PROCEDURE d.setup() BEGIN SET SESSION time_zone='+05:00', group_concat_max_len=4321, autocommit=0; END",
		"CREATE OR REPLACE PROCEDURE d.plain() BEGIN INSERT INTO t (v) VALUES ('plain'); END",
		"CREATE OR REPLACE PROCEDURE d.temp() BEGIN CREATE OR REPLACE TEMPORARY TABLE made (x INT); END",
		"CREATE OR REPLACE PROCEDURE d.untracked() BEGIN SET SESSION div_precision_increment=9; END")
	const q = "SELECT name, @@time_zone, @@group_concat_max_len, @@autocommit FROM who FOR UPDATE"
	used := func() string { return n.table("stats_mysql_connection_pool")[0]["ConnUsed"] }
	flags := func() []string {
		// the reasons are names in JSON
		return strings.Split(n.table("stats_mysql_processlist")[0]["extended_info"], `"`)
	}
	n.admin("mysql_variables", "UPDATE global_variables SET variable_value='1' WHERE variable_name='mysql-show_processlist_extended'")

	c := n.bare(t, wire.CapSessionTrack)
	c.query("CALL plain()")
	waitFor(t, "connection to be given back after a procedure that changes nothing", func() bool { return used() == "0" })
	c.query("CALL setup()")
	if got := c.values("SELECT name, @@time_zone, @@group_concat_max_len FROM who"); got != "reader +05:00 4321" {
		t.Errorf("on another server: %s", got)
	}
	if got := c.values(q); got != "writer +05:00 4321 0" {
		t.Errorf("on the same server: %s", got)
	}
	c.query("ROLLBACK")
	c.c.Kill()
	waitFor(t, "end of the session", func() bool { return len(n.table("stats_mysql_processlist")) == 0 })

	c = n.bare(t, wire.CapSessionTrack)
	if got := c.values(q); strings.Contains(got, "+05:00") || strings.Contains(got, "4321") {
		t.Errorf("another session found: %s", got)
	}
	c.query("CALL temp()")
	if got := c.values("SELECT COUNT(*) FROM made FOR UPDATE"); got != "0" || !slices.Contains(flags(), "routine") {
		t.Errorf("temporary table of a procedure: %s, %v", got, flags())
	}
	c.c.Kill()
	waitFor(t, "end of the session", func() bool { return len(n.table("stats_mysql_processlist")) == 0 })

	c = n.bare(t, wire.CapSessionTrack)
	c.query("CALL untracked()")
	if got := c.values("SELECT @@div_precision_increment, COUNT(*) FROM who FOR UPDATE"); got != "9 1" || !slices.Contains(flags(), "set") {
		t.Errorf("variable that is not tracked: %s, %v", got, flags())
	}
}
