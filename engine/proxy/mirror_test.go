package proxy_test

import (
	"context"
	"fmt"
	"testing"
)

func TestMirror(t *testing.T) {
	n := start(t, "", `mysql_query_rules: (
	{ rule_id=1, active=1, match_digest="^INSERT INTO mirrored", destination_hostgroup=10, mirror_hostgroup=20, apply=1 },
	{ rule_id=2, active=1, match_digest="^DELETE FROM mirrored", destination_hostgroup=10, mirror_flagOUT=7, apply=1 },
	{ rule_id=3, active=1, flagIN=7, match_pattern="WHERE a=1", replace_pattern="WHERE a=2", destination_hostgroup=20, apply=1 } )`)
	writer.Exec(t, "CREATE OR REPLACE TABLE d.mirrored (a INT)")
	reader.Exec(t, "CREATE OR REPLACE TABLE d.mirrored (a INT)")
	db, copies := n.open(1), reader.DB("d")
	defer copies.Close()
	count := func(want string) {
		t.Helper()
		waitFor(t, "the copy", func() bool {
			return one(t, copies, "SELECT IFNULL(GROUP_CONCAT(a ORDER BY a), 'none') FROM mirrored") == want
		})
	}
	exec(t, db, "INSERT INTO mirrored VALUES (1), (2)")
	count("1,2")
	exec(t, db, "DELETE FROM mirrored WHERE a=1") // the copy is rewritten
	count("1")
	if got := one(t, db, "SELECT GROUP_CONCAT(a) FROM mirrored"); got != "2" {
		t.Errorf("the original: got %s, want 2", got)
	}
	exec(t, db, "/* mirror=20 */ REPLACE INTO mirrored VALUES (8)")
	count("1,8")

	// what goes wrong with a copy is of no concern to the client
	exec(t, copies, "DROP TABLE mirrored")
	exec(t, db, "INSERT INTO mirrored VALUES (3)")
	waitFor(t, "the error of the copy", func() bool { return len(n.table("stats_mysql_errors")) == 1 })
	waitFor(t, "the end of all copies", func() bool { return n.global("Mirror_concurrency") == 0 })
}

func TestMirrorIsBounded(t *testing.T) {
	slow := newGate(t, reader)
	n := start(t, "mirror_max_concurrency=2\n mirror_max_queue_length=3\n", fmt.Sprintf(`mysql_query_rules: (
	{ rule_id=1, active=1, match_digest="^DO", destination_hostgroup=10, mirror_flagOUT=7, apply=1 },
	{ rule_id=2, active=1, flagIN=7, match_pattern="^DO.*", replace_pattern="%s", destination_hostgroup=20, apply=1 } )`, slow.query()))
	db := n.open(1)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for i := range 20 {
		if _, err := db.ExecContext(ctx, fmt.Sprint("DO ", i)); err != nil {
			t.Fatalf("statement %d, whose copy waits: %v", i, err)
		}
	}
	slow.reached(2)
	now := numbers(n.picture("stats_mysql_global"))
	if running, queued := now["Mirror_concurrency"], now["Mirror_queue_length"]; running != 2 || queued != 3 {
		t.Errorf("running %d, queued %d; want 2 and 3", running, queued)
	}
	mirrors := 0
	for _, p := range n.picture("stats_mysql_processlist") {
		if p["cli_host"] == "mirror_internal" {
			mirrors++
		}
	}
	if mirrors != 2 || now["Client_Connections_connected"] != 1 {
		t.Errorf("processlist shows %d copies, %d clients", mirrors, now["Client_Connections_connected"])
	}
	slow.open()
	waitFor(t, "the end of all copies", func() bool { return n.global("Mirror_concurrency") == 0 })
	executed := ""
	for _, d := range n.table("stats_mysql_query_digest") {
		if d["digest_text"] == slow.query() {
			executed = d["count_star"]
		}
	}
	if executed != "5" {
		t.Errorf("%s copies were executed, want 5", executed)
	}
}
