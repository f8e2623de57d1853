package stats_test

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keepsql/keepsql/conf/schema"
	"github.com/keepsql/keepsql/engine/digest"
	"github.com/keepsql/keepsql/engine/stats"
)

// The rows of stats_mysql_global are upstream's, in upstream's order.
func TestGlobalNames(t *testing.T) {
	golden, err := os.ReadFile("testdata/stats_mysql_global.txt")
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for line := range strings.Lines(string(golden)) {
		name, _, _ := strings.Cut(line, "\t")
		want = append(want, strings.TrimSpace(name))
	}
	c := stats.NewCounters()
	c.Shard().Add(stats.Questions, 3)
	c.Shard().Add(stats.Questions, 4)
	rows := c.GlobalRows(stats.Gauges{"ProxySQL_Uptime": 9}, true)
	var got []string
	values := map[string]string{}
	for _, r := range rows.Rows {
		got = append(got, r[0].Text)
		values[r[0].Text] = r[1].Text
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	for name, want := range map[string]string{"Questions": "7", "ProxySQL_Uptime": "9", "mysql_listener_paused": "true", "Stmt_Cached": "0"} {
		if values[name] != want {
			t.Errorf("%s = %s, want %s", name, values[name], want)
		}
	}
}

func TestCommandCounters(t *testing.T) {
	c := stats.NewCounters()
	for _, took := range []time.Duration{50 * time.Microsecond, 100 * time.Microsecond, 101 * time.Microsecond, 20 * time.Millisecond, time.Minute} {
		c.Shard().AddCommand(digest.CommandInsert, took)
	}
	rows := c.CommandRows()
	if len(rows.Rows) != digest.NumCommands || len(rows.Columns) != 15 {
		t.Fatalf("%d rows of %d columns", len(rows.Rows), len(rows.Columns))
	}
	got := rows.Rows[digest.CommandInsert]
	var text []string
	for _, cell := range got {
		text = append(text, cell.Text)
	}
	want := []string{"INSERT", "60020251", "5", "2", "1", "0", "0", "0", "1", "0", "0", "0", "0", "0", "1"}
	if d := cmp.Diff(want, text); d != "" {
		t.Error(d)
	}
}

func at(second int64) time.Time { return time.Unix(1_700_000_000+second, 0) }

func TestDigests(t *testing.T) {
	d := stats.NewDigests(0)
	var a, b stats.DigestCache
	id := digest.Row{Username: "app", Schemaname: "shop", Digest: 0x1C46AE529DD5A40E, Hostgroup: 10}
	text := []byte("SELECT ?")
	d.Row(&a, &id, text, at(0)).Add(at(0), 5*time.Microsecond, 0, 1)
	d.Row(&b, &id, text, at(1)).Add(at(1), 3*time.Microsecond, 2, 0)
	d.Row(&a, &id, text, at(2)).Add(at(2), 9*time.Microsecond, 0, 4)
	want := [][]string{{"10", "shop", "app", "", "0x1C46AE529DD5A40E", "SELECT ?", "3", "1700000000", "1700000002", "17", "3", "9", "2", "5"}}
	if diff := cmp.Diff(want, texts(d.Rows(true))); diff != "" {
		t.Error(diff)
	}
	if got := d.Rows(false); len(got.Rows) != 0 {
		t.Errorf("after a reset: %v", got.Rows)
	}
	// a session that remembers the row counts into the new one
	d.Row(&a, &id, text, at(3)).Add(at(3), time.Microsecond, 0, 0)
	if got := texts(d.Rows(false)); len(got) != 1 || got[0][6] != "1" {
		t.Errorf("after a reset and one more: %v", got)
	}
}

func texts(rows *schema.Rows) [][]string {
	var out [][]string
	for _, r := range rows.Rows {
		var row []string
		for _, c := range r {
			row = append(row, c.Text)
		}
		out = append(out, row)
	}
	return out
}

// Rows beyond the budget push out those that were not seen for longest.
func TestDigestBudget(t *testing.T) {
	const budget = 1 << 20
	d := stats.NewDigests(budget)
	var cache stats.DigestCache
	add := func(n int, second int64) {
		text := fmt.Appendf(nil, "SELECT %d FROM a_table_of_a_common_length WHERE id = ?", n)
		o := digest.DefaultOptions()
		id := digest.Row{Username: "app", Digest: digest.Hash(text, &o)}
		d.Row(&cache, &id, text, at(second)).Add(at(second), time.Microsecond, 0, 0)
	}
	for n := range 20_000 {
		add(n, int64(n))
		if n%100 == 0 {
			add(-1, int64(n)) // one that is in use all the time
		}
		if n%1000 == 0 && d.Bytes() > budget {
			t.Fatalf("%d bytes, budget %d", d.Bytes(), budget)
		}
	}
	rows := d.Rows(false)
	if d.Evicted() == 0 || len(rows.Rows)+int(d.Evicted()) < 20_000 || d.Bytes() < budget/2 {
		t.Errorf("%d rows, %d evicted, %d bytes", len(rows.Rows), d.Evicted(), d.Bytes())
	}
	for _, r := range texts(rows) {
		if strings.HasPrefix(r[5], "SELECT -1 ") {
			if r[6] != "200" {
				t.Errorf("the row in use was counted %s times", r[6])
			}
			return
		}
	}
	t.Error("the row in use was pushed out")
}

// A text is stored once, however many schemas it is used in, and goes with the last of its rows.
func TestDigestTextIsStoredOnce(t *testing.T) {
	const schemas, length = 1000, 2000
	d := stats.NewDigests(0)
	var cache stats.DigestCache
	long := "SELECT " + strings.Repeat("x", length)
	add := func(schema int, hash uint64, text string) {
		id := digest.Row{Username: "app", Schemaname: fmt.Sprintf("shop%d", schema), Digest: hash}
		d.Row(&cache, &id, []byte(text), at(int64(schema))).Add(at(int64(schema)), time.Microsecond, 0, 0)
	}
	for i := range schemas {
		add(i, 7, long)
	}
	all := d.Bytes()
	if all > schemas*500+length {
		t.Errorf("%d bytes for %d rows with one text of %d", all, schemas, length)
	}
	shown := func(reset bool) map[string]string {
		out := map[string]string{}
		for _, r := range texts(d.Rows(reset)) {
			out[r[4]] = r[5]
		}
		return out
	}
	d.SetBudget(all / 2)
	for i := range 300 { // pushes half of the others out
		add(schemas+i, 8, "SELECT ?")
	}
	if d.Evicted() == 0 || d.Bytes() > all*6/10 {
		t.Errorf("%d rows evicted, %d bytes of %d", d.Evicted(), d.Bytes(), all/2)
	}
	want := map[string]string{"0x0000000000000007": long, "0x0000000000000008": "SELECT ?"}
	if diff := cmp.Diff(want, shown(false)); diff != "" {
		t.Error(diff)
	}
	for i := range 2 * schemas {
		add(2*schemas+i, 8, "SELECT ?")
	}
	delete(want, "0x0000000000000007")
	if diff := cmp.Diff(want, shown(true)); diff != "" {
		t.Error(diff)
	}
	if d.Bytes() != 0 {
		t.Errorf("%d bytes after a reset", d.Bytes())
	}
}

func TestDigestsDoNotAllocate(t *testing.T) {
	d := stats.NewDigests(0)
	var cache stats.DigestCache
	ids := make([]digest.Row, 20) // more than a session remembers
	for i := range ids {
		ids[i] = digest.Row{Username: "app", Schemaname: "shop", Digest: uint64(i)}
	}
	text, now := []byte("SELECT ?"), at(0)
	c := stats.NewCounters().Shard()
	run := func() {
		for i := range ids {
			d.Row(&cache, &ids[i], text, now).Add(now, time.Microsecond, 1, 1)
			c.Add(stats.Questions, 1)
			c.AddCommand(digest.CommandSelect, time.Millisecond)
		}
	}
	run()
	if n := testing.AllocsPerRun(100, run); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// Sessions that use and push out the same texts leave nothing behind.
func TestConcurrentEviction(t *testing.T) {
	d := stats.NewDigests(100_000)
	var wg sync.WaitGroup
	for session := range 8 {
		wg.Go(func() {
			var cache stats.DigestCache
			for i := range 2000 {
				id := digest.Row{Schemaname: fmt.Sprint(session, i%500), Digest: uint64(i%7) << 58}
				d.Row(&cache, &id, fmt.Append(nil, i%7), at(0)).Add(at(0), time.Microsecond, 0, 1)
				if i%100 == 0 {
					d.Rows(session == 0)
				}
			}
		})
	}
	wg.Wait()
	if d.Evicted() == 0 {
		t.Error("nothing was pushed out")
	}
	if d.Rows(true); d.Bytes() != 0 {
		t.Errorf("%d bytes after a reset", d.Bytes())
	}
}

func TestConcurrentCounting(t *testing.T) {
	d, c := stats.NewDigests(0), stats.NewCounters()
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			var cache stats.DigestCache
			shard := c.Shard()
			for i := range 1000 {
				id := digest.Row{Digest: uint64(i % 10)}
				d.Row(&cache, &id, []byte("x"), at(0)).Add(at(0), time.Microsecond, 0, 1)
				shard.Add(stats.Questions, 1)
			}
		})
	}
	wg.Wait()
	if got := c.Get(stats.Questions); got != 8000 {
		t.Errorf("%d questions", got)
	}
	for _, r := range texts(d.Rows(false)) {
		if r[6] != "800" {
			t.Errorf("row %v", r)
		}
	}
}

func TestErrors(t *testing.T) {
	var e stats.Errors
	key := stats.ErrorKey{Hostgroup: 1, Host: "h", Port: 3306, User: "app", Schema: "d", Code: 1064}
	e.Add(key, "first", at(1))
	e.Add(key, "last", at(5))
	want := [][]string{{"1", "h", "3306", "app", "", "d", "1064", "2", "1700000001", "1700000005", "last"}}
	if d := cmp.Diff(want, texts(e.Rows(true))); d != "" {
		t.Error(d)
	}
	for i := range 10_000 {
		e.Add(stats.ErrorKey{User: fmt.Sprint(i)}, "", at(0))
	}
	if n := len(e.Rows(false).Rows); n > 4096 {
		t.Errorf("%d rows", n)
	}
}

func TestRows(t *testing.T) {
	for name, rows := range map[string]*schema.Rows{
		"stats_mysql_connection_pool": stats.PoolRows([]stats.Pool{{Hostgroup: 1, Host: "h", Port: 2, Status: "ONLINE", ConnUsed: 3}}),
		"stats_mysql_users":           stats.UserRows([]stats.User{{Name: "app", Connections: 1, MaxConnections: 2}}),
		"stats_mysql_query_rules":     stats.RuleRows([]stats.RuleHits{{ID: 1, Hits: 2}}),
		"stats_mysql_processlist": stats.ProcessRows([]stats.Process{
			{SessionID: 1, Command: "Sleep"}, {SessionID: 2, Command: "Query", Attached: true, Info: "SELECT 1", ServerHost: "h"},
		}),
	} {
		if d := cmp.Diff(schema.Lookup("stats", name).ColumnNames(), rows.Columns); d != "" {
			t.Errorf("%s: %s", name, d)
		}
		for _, r := range rows.Rows {
			if len(r) != len(rows.Columns) {
				t.Errorf("%s: row of %d cells", name, len(r))
			}
		}
		if name == "stats_mysql_processlist" && (!rows.Get(0, "info").Null || rows.Get(1, "info").Text != "SELECT 1" || rows.Get(1, "srv_host").Text != "h") {
			t.Errorf("%s: %v", name, rows.Rows)
		}
	}
	if len(stats.Merge(stats.Tables{"a": nil}, stats.Tables{"b": nil})) != 2 {
		t.Error("Merge lost a table")
	}
}

func BenchmarkAccount(b *testing.B) {
	d, c := stats.NewDigests(0), stats.NewCounters()
	text, now := []byte("SELECT c FROM sbtest1 WHERE id=?"), at(0)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		var cache stats.DigestCache
		shard := c.Shard()
		id := digest.Row{Username: "app", Schemaname: "shop", Digest: 1}
		for pb.Next() {
			d.Row(&cache, &id, text, now).Add(now, time.Microsecond, 0, 1)
			shard.Add(stats.Questions, 1)
			shard.AddCommand(digest.CommandSelect, time.Millisecond)
		}
	})
}
