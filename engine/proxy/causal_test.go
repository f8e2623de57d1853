package proxy_test

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/google/go-cmp/cmp"

	"github.com/keepsql/keepsql/engine/hostgroup"
	"github.com/keepsql/keepsql/engine/internal/gtidtest"
	"github.com/keepsql/keepsql/engine/wire"
)

const source = "3e11fa47-71ca-11e1-9e33-c80aa9429562"

// readers are writer and reader in hostgroup 20, with what tells of their transactions.
func readers(one, other *gtidtest.Reader) string {
	return fmt.Sprintf("{ address=\"127.0.0.1\", port=%d, hostgroup=20, gtid_port=%d }, { address=\"127.0.0.1\", port=%d, hostgroup=20, gtid_port=%d }",
		writer.Port, one.Port, reader.Port, other.Port)
}

// follows waits until the proxy knows what n servers have executed.
func (n *node) follows(servers int) {
	n.t.Helper()
	waitFor(n.t, "binlog readers", func() bool {
		known := 0
		for _, r := range n.table("stats_mysql_gtid_executed") {
			if r["gtid_executed"] != "" {
				known++
			}
		}
		return known == servers
	})
}

func (n *node) counter(name string) string {
	for _, r := range n.table("stats_mysql_global") {
		if r["Variable_Name"] == name {
			return r["Variable_Value"]
		}
	}
	return ""
}

func TestMinGTID(t *testing.T) {
	t.Parallel()
	needServers(t)
	ahead, behind := gtidtest.Start(t, source+":1-10"), gtidtest.Start(t, source+":1-9")
	n := startWith(t, "", "mysql_servers: ( "+readers(ahead, behind)+` )
mysql_users: ( { username="app", password="app_pass", default_hostgroup=20 } )
mysql_query_rules: ( { rule_id=1, active=1, match_digest="^SELECT", cache_ttl=60000, apply=1 } )`)
	n.follows(2)
	db := n.open(1)
	hint := func(number int, q string) string { return fmt.Sprintf("/* min_gtid=%s:%d */ %s", source, number, q) }
	for range 10 {
		if got := one(t, db, hint(10, whoami)); got != "writer" {
			t.Fatalf("executed on %s, which has not executed what it comes after", got)
		}
	}
	prepared := n.open(1, func(c *mysql.Config) { c.InterpolateParams = false })
	for range 10 {
		if got := one(t, prepared, hint(10, "SELECT name FROM who WHERE name<>?"), "x"); got != "writer" {
			t.Fatalf("prepared: executed on %s", got)
		}
	}
	n.set("connect_timeout_server_max", 400)
	_, err := db.Exec(hint(11, whoami))
	n.set("connect_timeout_server_max", 10000)
	if err == nil || !strings.Contains(err.Error(), "9001") || !strings.HasSuffix(err.Error(), "(servers: 2, have not executed GTID 2 ("+source+":11))") {
		t.Errorf("nobody has it: %v", err)
	}
	if _, err := db.Exec("/* min_gtid=11 */ " + whoami); outcomeOf(err) != "1105 Cannot read hint min_gtid=11: it is neither uuid:number nor domain-server-number" {
		t.Errorf("nonsense: %v", err)
	}
	if got := n.counter("GTID_consistent_queries"); got != "20" {
		t.Errorf("GTID_consistent_queries: %s", got)
	}
	var sync []string
	for _, r := range n.table("stats_mysql_connection_pool") {
		sync = append(sync, r["Queries_GTID_sync"])
	}
	slices.Sort(sync)
	var executed []string
	for _, r := range n.table("stats_mysql_gtid_executed") {
		executed = append(executed, r["hostname"]+" "+r["gtid_executed"]+" "+r["events"])
	}
	slices.Sort(executed)
	want := []string{"0", "20", "127.0.0.1 " + source + ":1-10 1", "127.0.0.1 " + source + ":1-9 1"}
	if d := cmp.Diff(want, append(sync, executed...)); d != "" {
		t.Error(d)
	}
	one(t, db, "/* min_gtid= */ "+whoami) // nothing is known yet
}

// oracle stands in for MySQL in what MariaDB does not have: UPDATE commits a transaction, and is answered with its GTID where
// session_track_gtids is on.
type oracle struct {
	mu    sync.Mutex // guards what follows
	heard []string
	next  int

	chatty bool // tells of statement_id with every answer, as MySQL does
}

func (o *oracle) serve(auth *wire.Authenticator, c *wire.Conn) {
	defer c.Kill()
	a := *auth
	a.Version = "8.0.40"
	a.Capabilities |= wire.CapSessionTrack | wire.CapDeprecateEOF
	l, err := a.Handshake(c, 1)
	if err != nil {
		return
	}
	ok, on := wire.OK{Status: wire.StatusAutocommit}, false
	for {
		packet := ok.Append(nil)
		if l.Capabilities&wire.CapSessionTrack != 0 {
			packet = ok.AppendTracked(nil)
		}
		if c.WritePacket(packet) != nil || c.Flush() != nil {
			return
		}
		p, err := c.ReadPacket()
		if err != nil {
			return
		}
		ok.State = nil
		if o.chatty {
			ok.State = []byte("\x00\x11\x0cstatement_id\x03858")
		}
		o.mu.Lock()
		o.heard = append(o.heard, string(p[1:]))
		on = on || strings.Contains(string(p), "session_track_gtids='OWN_GTID'")
		if on && strings.Contains(string(p), "UPDATE") {
			ok.State = toldGTID(fmt.Sprintf("%s:%d", source, o.next))
			o.next++
		}
		o.mu.Unlock()
	}
}

// toldGTID is what an OK packet says of a GTID.
func toldGTID(text string) []byte {
	body := append([]byte{0, byte(len(text))}, text...)
	return append([]byte{3, byte(len(body))}, body...)
}

// said is what clients with session tracking are told in an OK packet.
func said(t *testing.T, packet []byte) string {
	t.Helper()
	var ok wire.OK
	if err := ok.Decode(packet, wire.CapSessionTrack); err != nil {
		t.Fatal(err)
	}
	return string(ok.State)
}

// A session reads what it has written: its reads wait until a replica has executed its last write.
func TestGTIDFromHostgroup(t *testing.T) {
	t.Parallel()
	needServers(t)
	one, other := gtidtest.Start(t, source+":1-10"), gtidtest.Start(t, source+":1-10")
	o := &oracle{next: 11}
	base := filepath.Join(t.TempDir(), "events")
	n := startWith(t, fmt.Sprintf("default_session_track_gtids=\"OWN_GTID\"\neventslog_filename=%q\n eventslog_format=2\n eventslog_default_log=1\n", base),
		fmt.Sprintf("mysql_servers: ( { address=\"127.0.0.1\", port=%d, hostgroup=10 }, ", standIn(t, o.serve))+readers(one, other)+` )
mysql_query_rules: ( { rule_id=1, active=1, match_digest="^SELECT", destination_hostgroup=20, gtid_from_hostgroup=10, apply=1 } )`)
	n.follows(2)
	for name, caps := range map[string]wire.Capability{"older client": 0, "client that tracks": wire.CapSessionTrack, "newer client": wire.CapSessionTrack | wire.CapDeprecateEOF} {
		c := n.bare(t, caps)
		c.values(whoami) // nothing was written yet
		o.mu.Lock()
		gtid := fmt.Sprintf("%s:%d", source, o.next)
		o.mu.Unlock()
		answer := c.query("UPDATE t SET v=1")
		if caps != 0 && said(t, answer[0]) != string(toldGTID(gtid)) {
			t.Errorf("%s: told of %q", name, said(t, answer[0]))
		}
		if d := cmp.Diff([]byte{0, 0, 0, 2, 0, 0, 0}, answer[0]); caps == 0 && d != "" {
			t.Errorf("%s: %s", name, d)
		}
		said := sayLater(other, gtid)
		if got := c.values(whoami); got != "reader" || !said.Load() {
			t.Errorf("%s: executed on %s, which had executed it: %v", name, got, said.Load())
		}
		var info struct {
			GTID struct {
				Hid  int
				Last string
			}
		}
		if err := json.Unmarshal([]byte(c.values("PROXYSQL INTERNAL SESSION")), &info); err != nil {
			t.Fatal(err)
		}
		if info.GTID.Hid != 10 || info.GTID.Last != gtid {
			t.Errorf("%s: internal session: %+v", name, info)
		}
	}
	n.flushLogs()
	if d := cmp.Diff([]string{"11", "12", "13"}, gtidsIn(records(t, base, "query", "last_gtid"))); d != "" {
		t.Errorf("events log: %s", d)
	}
	if got := n.counter("GTID_session_collected") + " " + n.counter("GTID_consistent_queries"); got != "3 3" {
		t.Errorf("collected, consistent: %s", got)
	}
	n.admin("mysql_variables", "UPDATE global_variables SET variable_value='false' WHERE variable_name='mysql-client_session_track_gtid'")
	if got := said(t, n.bare(t, wire.CapSessionTrack).query("UPDATE t SET v=1")[0]); got != "" {
		t.Errorf("a client is told %q", got)
	}
}

// sayLater has a reader tell in a moment that its server has executed a transaction. said is true from then on.
func sayLater(r *gtidtest.Reader, gtid string) (said *atomic.Bool) {
	said = new(atomic.Bool)
	time.AfterFunc(50*time.Millisecond, func() {
		said.Store(true)
		r.Say("I1=" + gtid)
	})
	return said
}

// gtidsIn gives the numbers of the GTIDs of updates.
func gtidsIn(lines []string) []string {
	var out []string
	for _, l := range lines {
		if n, ok := strings.CutPrefix(l, "UPDATE t SET v=1 "+source+":"); ok {
			out = append(out, n)
		}
	}
	slices.Sort(out)
	return out
}

// Servers are asked for GTIDs where somebody wants them, and only those that know how.
func TestWhoIsAskedForGTIDs(t *testing.T) {
	t.Parallel()
	o := &oracle{next: 1}
	n := startWith(t, "", fmt.Sprintf("mysql_servers: ( { address=\"127.0.0.1\", port=%d, hostgroup=10 } )", standIn(t, o.serve)))
	asked := func() (times int) {
		o.mu.Lock()
		defer o.mu.Unlock()
		for _, text := range o.heard {
			times += strings.Count(text, "session_track_gtids")
		}
		return times
	}
	c := n.bare(t, wire.CapSessionTrack)
	if got := said(t, c.query("UPDATE t SET v=1")[0]); got != "" || asked() != 0 {
		t.Errorf("asked for GTIDs that nobody wants: told %q", got)
	}
	c.query("SET session_track_gtids='ALL_GTIDS'")
	if got := said(t, c.query("UPDATE t SET v=1")[0]); got != string(toldGTID(source+":1")) || asked() != 1 {
		t.Errorf("told %q, asked %d times", got, asked())
	}
}

// A variable that MySQL counts on by itself does not keep the connection.
func TestStatementIDKeepsNoConnection(t *testing.T) {
	t.Parallel()
	o := &oracle{chatty: true}
	n := startWith(t, "", fmt.Sprintf("mysql_servers: ( { address=\"127.0.0.1\", port=%d, hostgroup=10 } )", standIn(t, o.serve)))
	c := n.bare(t, wire.CapSessionTrack)
	for range 3 {
		c.query("UPDATE t SET v=1")
	}
	waitFor(t, "connection to be given back", func() bool { return n.table("stats_mysql_connection_pool")[0]["ConnUsed"] == "0" })
}

// Who is bound to a server that has not executed what a statement comes after waits for that server.
func TestBoundToServerThatIsLate(t *testing.T) {
	t.Parallel()
	needServers(t)
	first, other := gtidtest.Start(t, source+":1-10"), gtidtest.Start(t, source+":1-10")
	n := startWith(t, "", "mysql_servers: ( "+readers(first, other)+` )
mysql_users: ( { username="app", password="app_pass", default_hostgroup=20 } )`)
	n.follows(2)
	db := n.open(1)
	exec(t, db, "CREATE TEMPORARY TABLE bound (v INT)")
	host := one(t, db, whoami)
	bound, free := first, other
	if host == "reader" {
		bound, free = other, first
	}
	free.Say("I1=" + source + ":11")
	said := sayLater(bound, source+":11")
	if got := one(t, db, "SELECT /* min_gtid="+source+":11 */ COUNT(*) FROM bound"); got != "0" || !said.Load() {
		t.Errorf("%s rows, executed there: %v", got, said.Load())
	}
	n.set("connect_timeout_server_max", 1000)
	_, err := db.Exec("SELECT /* min_gtid=" + source + ":12 */ COUNT(*) FROM bound")
	if err == nil || !strings.HasSuffix(err.Error(), "which the session is bound to, has not executed GTID "+source+":12)") {
		t.Errorf("never executed: %v", err)
	}
	if got := one(t, db, "SELECT COUNT(*) FROM bound"); got != "0" { // the session goes on
		t.Errorf("%s rows", got)
	}
}

// What statements with GTIDs cost, and those of clients that know nothing of them where servers tell them.
func TestNoAllocationsWithGTIDs(t *testing.T) {
	if raceEnabled {
		t.Skip("skipped: the race detector allocates")
	}
	port := standIn(t, func(auth *wire.Authenticator, c *wire.Conn) {
		a := *auth
		a.Capabilities |= wire.CapSessionTrack
		answerAll(&a, c, 0)
	})
	n := startWith(t, "", fmt.Sprintf("mysql_servers: ( { address=\"127.0.0.1\", port=%d, hostgroup=10, gtid_port=%d } )\n"+
		"mysql_query_rules: ( { rule_id=1, active=1, match_digest=\"^SELECT\", gtid_from_hostgroup=10, apply=1 } )", port, gtidtest.Start(t, source+":1-10").Port))
	n.follows(1)
	client := statementClient{c: n.bare(t).c}
	for name, q := range map[string]string{
		"hint": "\x03SELECT /* min_gtid=" + source + ":5 */ c FROM sbtest1 WHERE id=50042",
		"rule": "\x03SELECT c FROM sbtest1 WHERE id=50042", "update": "\x03UPDATE sbtest1 SET c='6848' WHERE id=50099",
	} {
		client.allocatesNothing(t, name, q)
	}
}

// TestLagHints: max_lag_ms and min_epoch_ms choose servers by the lag of their replication, also for a session that has a
// connection in hand which it does not need, and past the cache.
func TestLagHints(t *testing.T) {
	t.Parallel()
	needServers(t)
	n := startWith(t, "connect_timeout_server_max=400\n", fmt.Sprintf(`mysql_servers: (
	{ address="127.0.0.1", port=%d, hostgroup=20, weight=1 },
	{ address="127.0.0.1", port=%d, hostgroup=20, weight=1000 } )
mysql_users: ( { username="app", password="app_pass", default_hostgroup=20 } )
mysql_query_rules: ( { rule_id=1, active=1, match_digest="^SELECT", cache_ttl=60000, apply=1 } )`, writer.Port, reader.Port))
	late := hostgroup.Key{Hostgroup: 20, Host: "127.0.0.1", Port: reader.Port}
	n.proxy.Servers().SetBehind(late, 30*time.Second, true)
	db := n.open(1)
	prepared := n.open(1, func(c *mysql.Config) { c.InterpolateParams = false })
	for _, hint := range []string{"max_lag_ms=0", "max_lag_ms=29999", fmt.Sprint("min_epoch_ms=", time.Now().Add(-10*time.Second).UnixMilli())} {
		for range 5 {
			if got := one(t, db, "/* "+hint+" */ "+whoami); got != "writer" {
				t.Fatalf("%s: executed on %s, which is 30 s behind", hint, got)
			}
			one(t, db, "SELECT SQL_CALC_FOUND_ROWS name FROM who") // keeps its connection, in case it is asked for FOUND_ROWS()
			if got := one(t, prepared, "/* "+hint+" */ SELECT name FROM who WHERE name<>?", "x"); got != "writer" {
				t.Fatalf("%s: executed on %s, which is 30 s behind", hint, got)
			}
		}
	}
	const most = 20 // a thousandth goes to the other server each time
	readers := 0
	for range most {
		if one(t, db, "/* max_lag_ms=30000 */ "+whoami) == "reader" {
			readers++
		}
	}
	if readers < most/2 {
		t.Errorf("%d of %d statements within the limit went to the heavier server", readers, most)
	}

	n.proxy.Servers().SetBehind(hostgroup.Key{Hostgroup: 20, Host: "127.0.0.1", Port: writer.Port}, time.Minute, true)
	_, err := db.Exec("/* max_lag_ms=1000 */ " + whoami)
	if err == nil || !strings.Contains(err.Error(), "9001") || !strings.HasSuffix(err.Error(), "(servers: 2, above max_lag_ms=1000 2)") {
		t.Errorf("both are behind: %v", err)
	}
	if got := n.counter("queries_with_max_lag_ms__delayed"); got == "0" {
		t.Error("nothing delayed was counted")
	}
}
