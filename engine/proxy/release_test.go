package proxy_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A connection that was kept for what the session had on it is given back when the session has dropped the last of it.
func TestStateIsReleased(t *testing.T) {
	for _, c := range []struct{ name, kept, given string }{
		{"temporary tables", "CREATE TEMPORARY TABLE ra (x INT)|CREATE TEMPORARY TABLE rb (x INT)|DROP TABLE ra", "DROP TEMPORARY TABLE IF EXISTS rb"},
		{"locks", "SELECT GET_LOCK('%a', 1)|SELECT GET_LOCK('%a', 1)|SELECT GET_LOCK('%b', 1)|SELECT RELEASE_LOCK('%a')|DO RELEASE_LOCK('%b')", "SELECT RELEASE_LOCK('%a')"},
		{"all locks", "SELECT GET_LOCK(CONCAT('%', 'a'), 1)|DO RELEASE_LOCK('%b')", "SELECT RELEASE_ALL_LOCKS()"},
		{"table locks", "LOCK TABLES t READ|SELECT COUNT(*) FROM t", "UNLOCK TABLES"},
		{"prepared statements", "PREPARE rp FROM 'SELECT 1'|EXECUTE rp", "DEALLOCATE PREPARE rp"},
		{"handlers", "HANDLER t OPEN AS rh|HANDLER rh READ FIRST", "HANDLER rh CLOSE"},
		{"savepoints", "BEGIN|SAVEPOINT rs", "ROLLBACK"},
		{"found rows", "SELECT SQL_CALC_FOUND_ROWS * FROM who LIMIT 1", "SELECT FOUND_ROWS()"},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := start(t, "show_processlist_extended=1", "")
			db := n.open(1)
			prefix := strings.ReplaceAll(t.Name(), "/", "_")
			used := func() string { return n.table("stats_mysql_connection_pool")[0]["ConnUsed"] }
			run := func(list string) {
				t.Helper()
				exec(t, db, strings.Split(strings.ReplaceAll(list, "%", prefix), "|")...)
			}
			run(c.kept)
			if used() != "1" {
				t.Error("given back too early")
			}
			if info := n.table("stats_mysql_processlist")[0]["extended_info"]; !strings.Contains(info, `"status":["`) && !strings.Contains(info, `"in_transaction":true`) {
				t.Errorf("the processlist does not say why: %s", info)
			}
			run(c.given)
			waitFor(t, "connection to be given back", func() bool { return used() == "0" })
		})
	}
}

// FOUND_ROWS is asked where the rows were counted, whatever the rules say.
func TestFoundRowsAcrossServers(t *testing.T) {
	n := start(t, "", `mysql_query_rules: ( { rule_id=1, active=1, match_digest="^SELECT SQL_CALC", destination_hostgroup=20, apply=1 } )`)
	db := n.open(1)
	exec(t, db, "SELECT SQL_CALC_FOUND_ROWS * FROM seq_1_to_77 LIMIT 1")
	if diff := cmp.Diff("77", one(t, db, "SELECT FOUND_ROWS()")); diff != "" {
		t.Error(diff)
	}
}
