package proxy_test

import (
	"database/sql"
	"fmt"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/google/go-cmp/cmp"

	"github.com/keepsql/keepsql/engine/wire"
)

// cacheRule caches reads of the table qc for a minute.
const cacheRule = `mysql_query_rules: ( { rule_id=1, active=1, match_digest="qc", destination_hostgroup=10, cache_ttl=60000%s, apply=1 } )`

// global gives a counter of stats_mysql_global.
func (n *node) global(name string) int {
	n.t.Helper()
	v, ok := numbers(n.table("stats_mysql_global"))[name]
	if !ok {
		n.t.Fatalf("stats_mysql_global has no number %s", name)
	}
	return v
}

// numbers are the variables of a stats table that are numbers, by name.
func numbers(rows []map[string]string) map[string]int {
	out := map[string]int{}
	for _, r := range rows {
		if v, err := strconv.Atoi(r["Variable_Value"]); err == nil {
			out[r["Variable_Name"]] = v
		}
	}
	return out
}

// column gives all values of the first column.
func column(t testing.TB, db interface {
	Query(string, ...any) (*sql.Rows, error)
}, q string, args ...any) (out []string) {
	t.Helper()
	rows, err := db.Query(q, args...)
	if err != nil {
		t.Fatalf("%s: %v", q, err)
	}
	defer rows.Close()
	for rows.Next() {
		var v string
		if err := rows.Scan(&v); err != nil {
			t.Fatal(err)
		}
		out = append(out, v)
	}
	if err := rows.Err(); err != nil {
		t.Fatalf("%s: %v", q, err)
	}
	return out
}

func TestQueryCache(t *testing.T) {
	n := start(t, "", fmt.Sprintf(cacheRule, ""))
	db := n.open(1)
	exec(t, db, "CREATE OR REPLACE TABLE qc (a INT)", "INSERT INTO qc VALUES (1)")
	read := func(want ...string) {
		t.Helper()
		if d := cmp.Diff(want, column(t, db, "SELECT a FROM qc ORDER BY a")); d != "" {
			t.Error(d)
		}
	}
	read("1")
	exec(t, db, "INSERT INTO qc VALUES (2)")
	read("1")
	if got, want := column(t, db, "SELECT  a FROM qc ORDER BY a"), []string{"1", "2"}; !cmp.Equal(want, got) {
		t.Errorf("another text: got %v, want %v", got, want)
	}

	// other users, schemas and character sets have answers of their own
	exec(t, db, "USE e", "CREATE OR REPLACE TABLE qc (a INT)", "INSERT INTO qc VALUES (7)")
	read("7")
	exec(t, db, "USE d")
	read("1")
	exec(t, db, "SET NAMES latin1")
	read("1", "2")
	exec(t, db, "SET NAMES utf8mb4")

	// inside of a transaction a client sees its own changes
	exec(t, db, "BEGIN", "INSERT INTO qc VALUES (3)")
	read("1", "2", "3")
	exec(t, db, "ROLLBACK")
	read("1", "2")

	// neither what locks nor what belongs to one connection
	exec(t, db, "CREATE TEMPORARY TABLE tqc (a INT)")
	if one(t, db, "SELECT COUNT(*) FROM tqc") != "0" {
		t.Error("temporary table is not empty")
	}
	exec(t, db, "INSERT INTO tqc VALUES (1)")
	if one(t, db, "SELECT COUNT(*) FROM tqc") != "1" {
		t.Error("an answer from a temporary table was cached")
	}
	exec(t, db, "SET @x = 1")
	if got := one(t, db, "SELECT COUNT(*) + @x FROM qc"); got != "3" {
		t.Errorf("got %s, want 3", got)
	}

	n.proxy.FlushCache()
	if n.global("Query_Cache_Entries") != 0 || n.global("Query_Cache_Memory_bytes") != 0 {
		t.Error("entries after a flush")
	}
}

func TestQueryCacheCounters(t *testing.T) {
	n := start(t, "", fmt.Sprintf(cacheRule, ""))
	db := n.open(1)
	exec(t, db, "CREATE OR REPLACE TABLE qc (a INT)", "INSERT INTO qc VALUES (1)")
	for range 5 {
		one(t, db, "SELECT a FROM qc")
	}
	if _, err := db.Exec("SELECT nosuch FROM qc"); err == nil { // errors are not kept
		t.Error("no error")
	}
	got := map[string]int{}
	for _, name := range []string{"count_GET", "count_GET_OK", "count_SET", "Entries", "Purged"} {
		got[name] = n.global("Query_Cache_" + name)
	}
	if d := cmp.Diff(map[string]int{"count_GET": 6, "count_GET_OK": 4, "count_SET": 1, "Entries": 1, "Purged": 0}, got); d != "" {
		t.Error(d)
	}
	if in, out := n.global("Query_Cache_bytes_IN"), n.global("Query_Cache_bytes_OUT"); in == 0 || out != 4*in {
		t.Errorf("bytes in %d, out %d", in, out)
	}
	for _, d := range n.table("stats_mysql_query_digest") {
		if d["digest_text"] == "SELECT a FROM qc" && d["hostgroup"] == "-1" && (d["count_star"] != "4" || d["sum_rows_sent"] != "4") {
			t.Errorf("digest row of hits: %v", d)
		}
	}
}

func TestCachedEmptyResults(t *testing.T) {
	for _, test := range []struct{ rule, variables, want string }{
		{"", "", "cached"},
		{"", "query_cache_stores_empty_result=false\n", "not"},
		{", cache_empty_result=1", "query_cache_stores_empty_result=false\n", "cached"},
		{", cache_empty_result=0", "", "not"},
	} {
		n := start(t, test.variables, fmt.Sprintf(cacheRule, test.rule))
		db := n.open(1)
		exec(t, db, "CREATE OR REPLACE TABLE qc (a INT)")
		column(t, db, "SELECT a FROM qc")
		got := map[int]string{0: "not", 1: "cached"}[n.global("Query_Cache_Entries")]
		if got != test.want {
			t.Errorf("%+v: got %s", test, got)
		}
	}
}

func TestCachedWarnings(t *testing.T) {
	for handle, want := range map[int]int{0: 0, 1: 1} {
		n := start(t, fmt.Sprintf("query_cache_handle_warnings=%d\n", handle), fmt.Sprintf(cacheRule, ""))
		db := n.open(1)
		exec(t, db, "CREATE OR REPLACE TABLE qc (a INT)", "INSERT INTO qc VALUES (1)")
		column(t, db, "SELECT 1/0 IS NULL FROM qc")
		if got := n.global("Query_Cache_Entries"); got != want {
			t.Errorf("handle_warnings=%d: %d entries, want %d", handle, got, want)
		}
	}
}

func TestCacheHint(t *testing.T) {
	n := start(t, "", "")
	db := n.open(1)
	exec(t, db, "CREATE OR REPLACE TABLE qc (a INT)", "INSERT INTO qc VALUES (1)")
	const q = "SELECT /* cache_ttl=60000 */ COUNT(*) FROM qc"
	one(t, db, q)
	exec(t, db, "INSERT INTO qc VALUES (1)")
	if got := one(t, db, q); got != "1" {
		t.Errorf("got %s, want what was cached", got)
	}
	n.admin("keepsql_variables", "UPDATE keepsql_variables SET variable_value='false' WHERE variable_name='keepsql-query_hints'")
	if got := one(t, db, q); got != "2" {
		t.Errorf("with hints forbidden: got %s, want 2", got)
	}
}

func TestCacheInTransactions(t *testing.T) {
	n := start(t, "", fmt.Sprintf(cacheRule, "")+"\nkeepsql_variables: { query_cache_in_transactions=true }")
	setup := n.open(1)
	exec(t, setup, "CREATE OR REPLACE TABLE qc (a INT)", "INSERT INTO qc VALUES (1)")
	for _, caps := range []wire.Capability{0, wire.CapDeprecateEOF} {
		c := n.dial(caps)
		ask(t, c, wire.ComQuery, "SELECT a FROM d.qc", caps)
		ask(t, c, wire.ComQuery, "BEGIN", caps)
		ask(t, c, wire.ComQuery, "INSERT INTO d.who SELECT 'x' WHERE 1=0", caps) // begins for certain
		hits := n.global("Query_Cache_count_GET_OK")
		got := ask(t, c, wire.ComQuery, "SELECT a FROM d.qc", caps)
		if n.global("Query_Cache_count_GET_OK") != hits+1 {
			t.Fatalf("caps %x: no hit", caps)
		}
		if last := got[len(got)-1]; last[3]&byte(wire.StatusInTrans) == 0 {
			t.Errorf("caps %x: no transaction in the status flags: % x", caps, last)
		}
		ask(t, c, wire.ComQuery, "ROLLBACK", caps)
	}
}

// Clients with and without CLIENT_DEPRECATE_EOF share answers.
func TestCachedAnswersAreTranslated(t *testing.T) {
	n := start(t, "", fmt.Sprintf(cacheRule, ""))
	exec(t, n.open(1), "CREATE OR REPLACE TABLE qc (a INT)", "INSERT INTO qc VALUES (1)")
	kinds := []wire.Capability{0, wire.CapDeprecateEOF, wire.CapDeprecateEOF | wire.CapSessionTrack}
	for i, first := range kinds {
		const q = "SELECT a, 1 FROM d.qc WHERE 1 = 1"
		n.proxy.FlushCache()
		want := map[wire.Capability][][]byte{}
		for _, caps := range kinds {
			c := n.dial(caps)
			want[caps] = withoutFirstStatus(ask(t, c, wire.ComQuery, q, caps))
			n.proxy.FlushCache()
		}
		ask(t, n.dial(first), wire.ComQuery, q, first)
		waitFor(t, "the answer in the cache", func() bool { return n.global("Query_Cache_Entries") == 1 })
		for _, caps := range kinds {
			hits := n.global("Query_Cache_count_GET_OK")
			got := ask(t, n.dial(caps), wire.ComQuery, q, caps)
			if d := cmp.Diff(want[caps], withoutFirstStatus(got)); d != "" {
				t.Errorf("cached by %d, for caps %x: %s", i, caps, d)
			}
			if n.global("Query_Cache_count_GET_OK") != hits+1 {
				t.Errorf("cached by %d, for caps %x: no hit", i, caps)
			}
		}
	}
}

// withoutFirstStatus blanks the status flags behind the columns, which servers do not tell clients with CLIENT_DEPRECATE_EOF.
func withoutFirstStatus(packets [][]byte) [][]byte {
	for _, p := range packets[:len(packets)-1] {
		if p[0] == 0xfe && len(p) == 5 {
			p[3], p[4] = 0, 0
		}
	}
	return packets
}

func TestCacheExpires(t *testing.T) {
	n := start(t, "", `mysql_query_rules: ( { rule_id=1, active=1, match_digest="qc", cache_ttl=200, apply=1 } )`)
	db := n.open(1)
	exec(t, db, "CREATE OR REPLACE TABLE qc (a INT)", "INSERT INTO qc VALUES (1)")
	one(t, db, "SELECT COUNT(*) FROM qc")
	exec(t, db, "INSERT INTO qc VALUES (1)")
	waitFor(t, "the answer to expire", func() bool { return one(t, db, "SELECT COUNT(*) FROM qc") == "2" })
}

// Rules come and go, the cache is emptied, while clients read.
func TestLoadsUnderTraffic(t *testing.T) {
	n := start(t, "", "")
	setup := n.open(1)
	exec(t, setup, "CREATE OR REPLACE TABLE qc (a INT)", "INSERT INTO qc VALUES (1)")
	load := func(i int) { // the table is on the writer only, so a rule has to be there all the time
		n.admin("mysql_query_rules", "DELETE FROM mysql_query_rules",
			fmt.Sprintf("INSERT INTO mysql_query_rules (rule_id, active, match_digest, destination_hostgroup, cache_ttl, apply) VALUES (%d, 1, 'qc', 10, %d, 1)", i+1, 1+i%3))
	}
	load(0)
	stop := make(chan struct{})
	var clients sync.WaitGroup
	for range 4 {
		db := n.open(1)
		clients.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				var a int
				if err := db.QueryRow("SELECT a FROM qc").Scan(&a); err != nil || a != 1 {
					t.Errorf("got %d, %v", a, err)
					return
				}
			}
		})
	}
	for i := range 20 {
		load(i)
		n.admin("mysql_variables", fmt.Sprintf("UPDATE global_variables SET variable_value=%d WHERE variable_name='mysql-query_processor_iterations'", i%2))
		n.proxy.FlushCache()
		time.Sleep(10 * time.Millisecond)
	}
	close(stop)
	clients.Wait()
}

// Rewritten statements, prepared ones too, are rewritten once.
func TestPreparedStatementsAreRewrittenOnce(t *testing.T) {
	n := start(t, "", "")
	n.setRules("match_pattern='name', replace_pattern='UPPER(name)'")
	db := n.open(1, func(c *mysql.Config) { c.InterpolateParams = false })
	for range 2 {
		if got := one(t, db, "SELECT name FROM who WHERE 1=?", 1); got != "WRITER" {
			t.Errorf("got %s", got)
		}
	}
}

// execution is a COM_STMT_EXECUTE of a statement with one parameter, an INT. The types stand in it or, as C clients have it, only in
// the first one.
func execution(id []byte, value byte, types bool) string {
	p := append(append([]byte(nil), id...), 0, 1, 0, 0, 0, 0)
	if types {
		p = append(p, 1, 3, 0)
	} else {
		p = append(p, 0)
	}
	return string(append(p, value, 0, 0, 0))
}

func TestCachedExecutions(t *testing.T) {
	n := start(t, "", fmt.Sprintf(cacheRule, ""))
	setup := n.open(1)
	exec(t, setup, "CREATE OR REPLACE TABLE qc (a INT)", "INSERT INTO qc VALUES (1), (2)")
	prepare := func() (*wire.Conn, []byte) {
		c := n.dial(0)
		return c, ask(t, c, wire.ComStmtPrepare, "SELECT COUNT(*) FROM d.qc WHERE a >= ?", 0)[0][1:5]
	}
	c, id := prepare()
	count := func(c *wire.Conn, id []byte, value byte, types bool) byte {
		t.Helper()
		packets := ask(t, c, wire.ComStmtExecute, execution(id, value, types), 0)
		if len(packets) != 5 {
			t.Fatalf("answer: %q", packets)
		}
		return packets[3][2]
	}
	got := []byte{count(c, id, 1, true), count(c, id, 2, true)}
	exec(t, setup, "INSERT INTO qc VALUES (3)")
	got = append(got, count(c, id, 1, true), count(c, id, 1, false), count(c, id, 2, false))
	// another client: its types are noted although its first execution reaches no server
	c, id = prepare()
	got = append(got, count(c, id, 2, true), count(c, id, 1, false), count(c, id, 3, false))
	// the text protocol has answers of its own
	text, _ := strconv.Atoi(one(t, setup, "SELECT COUNT(*) FROM d.qc WHERE a >= 1"))
	got = append(got, byte(text))
	if d := cmp.Diff([]byte{2, 1, 2, 2, 1, 1, 2, 1, 3}, got); d != "" {
		t.Error(d)
	}
	if hits := n.global("Query_Cache_count_GET_OK"); hits != 5 {
		t.Errorf("%d hits, want 5", hits)
	}
}

// hitter is a client whose statements are answered from the cache.
func hitter(t testing.TB, port int) (hit func() error) {
	n := startWith(t, "", fmt.Sprintf("mysql_servers: ( { address=\"127.0.0.1\", port=%d, hostgroup=10 } )\n", port)+fmt.Sprintf(cacheRule, ""))
	c, _, err := wire.Dial(t.Context(), "unix", n.socket, &wire.Account{User: "app", Password: "app_pass"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Kill() })
	client, payload := statementClient{c: c}, []byte("\x03SELECT c FROM qc WHERE id=50042")
	return func() error { return client.query(payload) }
}

func TestCacheHitsDoNotAllocate(t *testing.T) {
	if raceEnabled {
		t.Skip("skipped: the race detector allocates")
	}
	hit := hitter(t, answerer(t, 0))
	run := func() {
		if err := hit(); err != nil {
			t.Fatal(err)
		}
	}
	for range 200 {
		run()
	}
	if got := allocationsPerRun(2000, run); got != 0 {
		t.Errorf("%v allocations", got)
	}
}
