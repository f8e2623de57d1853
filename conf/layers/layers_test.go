package layers_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rs/zerolog"

	"github.com/keepsql/keepsql/conf"
	"github.com/keepsql/keepsql/conf/layers"
	"github.com/keepsql/keepsql/conf/layers/layerstest"
	"github.com/keepsql/keepsql/conf/schema"
)

// node is the layers of one data directory, with a clock that the test moves.
type node struct {
	*layers.Manager
	t     testing.TB
	stack *layerstest.Stack
	clock time.Time
}

// start opens a data directory ("" in memory) without booting it.
func start(t testing.TB, datadir string) *node {
	t.Helper()
	n := &node{t: t, clock: time.Unix(1_700_000_000, 0)}
	n.stack = layerstest.Open(t, datadir, layers.Options{
		Log: zerolog.Nop(), Now: func() time.Time { return n.clock }, Version: "2.7.1-16-g2726c27",
	})
	n.Manager = n.stack.Layers
	return n
}

// stop ends a node whose data directory another one is to open.
func (n *node) stop() { n.stack.Close() }

// boot starts a data directory with a file of the given text.
func boot(t *testing.T, datadir, text string) *node {
	t.Helper()
	n := start(t, datadir)
	n.stack.Boot(text)
	return n
}

func (n *node) exec(sql string) {
	n.t.Helper()
	n.stack.Exec(sql)
}

// list gives the rows of a query as one text.
func (n *node) list(sql string) string {
	n.t.Helper()
	return n.stack.List(sql)
}

func (n *node) load(module string) {
	n.t.Helper()
	n.stack.Load(module)
}

func (n *node) apply(text string) []layers.Applied {
	n.t.Helper()
	report, err := n.ApplyFile(layerstest.File(n.t, text))
	if err != nil {
		n.t.Fatal(err)
	}
	return report
}

// inForce lists the frontend users of the runtime.
func (n *node) inForce() string {
	rows := n.Snapshot(schema.MySQLUsers).Runtime["mysql_users"]
	var out []string
	for i := range rows.Rows {
		if rows.Get(i, "frontend").Text == "1" {
			out = append(out, rows.Get(i, "username").Text+"="+rows.Get(i, "password").Text)
		}
	}
	return sorted(out)
}

func sorted(words []string) string {
	return strings.Join(slices.Sorted(slices.Values(words)), " ")
}

// command is the one form of LOAD and SAVE that the golden scenarios use.
func (n *node) command(statement string) bool {
	for _, mod := range schema.Modules() {
		switch statement {
		case "LOAD " + mod.Command + " TO RUNTIME":
			n.load(mod.Name)
			return true
		case "SAVE " + mod.Command + " TO DISK":
			if err := n.SaveToDisk(mod.Name); err != nil {
				n.t.Fatal(err)
			}
			return true
		}
	}
	if set, ok := strings.CutPrefix(statement, "SET "); ok {
		name, value, _ := strings.Cut(set, "=")
		n.exec("UPDATE global_variables SET variable_value=" + value + " WHERE variable_name='" + name + "'")
		return true
	}
	return false
}

// Every recorded scenario gives ProxySQL's checksums, versions and global checksum.
func TestGoldenChecksums(t *testing.T) {
	f, err := os.Open("testdata/checksums.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		var want struct {
			Name      string
			Setup     []string
			Checksums map[string]string
			Versions  map[string]uint64
			Global    string `json:"global_checksum"`
		}
		if err := json.Unmarshal(lines.Bytes(), &want); err != nil {
			t.Fatal(err)
		}
		t.Run(want.Name, func(t *testing.T) {
			n := boot(t, "", "")
			for _, statement := range want.Setup {
				if !n.command(statement) {
					n.exec(statement)
				}
			}
			sums, versions := map[string]string{}, map[string]uint64{}
			for name, s := range n.Stamps() {
				sums[name], versions[name] = s.Checksum, s.Version
			}
			if diff := cmp.Diff(want.Checksums, sums); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(want.Versions, versions); diff != "" {
				t.Error(diff)
			}
			if got := strconv.FormatUint(n.GlobalChecksum(), 10); got != want.Global {
				t.Errorf("global checksum %s, want %s", got, want.Global)
			}
		})
	}
}

func TestFirstBootIsVersionOne(t *testing.T) {
	n := boot(t, t.TempDir(), `mysql_users=({username="a";password="1"})`)
	if got := n.Stamps()[schema.MySQLUsers]; got.Version != 1 || got.Epoch != n.clock.Unix() {
		t.Errorf("stamp %+v", got)
	}
	for layer, want := range map[string]string{"main": "a", "disk": "a"} {
		if got := n.list("SELECT username FROM " + layer + ".mysql_users"); got != want {
			t.Errorf("%s has %q, want %q", layer, got, want)
		}
	}
}

func TestEpochNeverStandsStill(t *testing.T) {
	n := boot(t, "", "")
	first := n.Stamps()[schema.MySQLUsers]
	n.load(schema.MySQLUsers)
	n.load(schema.MySQLUsers)
	if got := n.Stamps()[schema.MySQLUsers]; got.Version != 3 || got.Epoch != first.Epoch+2 {
		t.Errorf("after two loads in one second: %+v, first %+v", got, first)
	}
}

func TestRestart(t *testing.T) {
	dir, text := t.TempDir(), `mysql_users=({username="a";password="1"})`
	n := boot(t, dir, text)
	n.exec("INSERT INTO mysql_users(username,password) VALUES('b','2')")
	n.clock = n.clock.Add(time.Minute)
	n.load(schema.MySQLUsers)
	before := n.Stamps()[schema.MySQLUsers]
	if err := n.SaveToDisk(schema.MySQLUsers); err != nil {
		t.Fatal(err)
	}
	n.stop()

	again := boot(t, dir, text)
	if got := again.Stamps()[schema.MySQLUsers]; got != before {
		t.Errorf("same content after a restart: %+v, was %+v", got, before)
	}
	if got := again.inForce(); got != "a=1 b=2" {
		t.Errorf("an unchanged file changed the users to %q", got)
	}
	again.exec("INSERT INTO mysql_users(username,password) VALUES('c','3')")
	again.load(schema.MySQLUsers)
	again.stop()

	// What was in force but not saved is gone, and that is not the content of that version.
	third := boot(t, dir, text)
	if got := third.Stamps()[schema.MySQLUsers]; got.Version != 1 {
		t.Errorf("other content after a restart: %+v", got)
	}
}

func TestEditWhileDown(t *testing.T) {
	dir := t.TempDir()
	n := boot(t, dir, `mysql_users=({username="a";password="1"},{username="gone"})`)
	n.exec("INSERT INTO mysql_users(username,password) VALUES('sql','2')")
	n.load(schema.MySQLUsers)
	if err := n.SaveToDisk(schema.MySQLUsers); err != nil {
		t.Fatal(err)
	}
	before := n.Stamps()
	n.stop()

	again := boot(t, dir, `mysql_users=({username="a";password="new"})`)
	if got := again.inForce(); got != "a=new sql=2" {
		t.Errorf("users %q", got)
	}
	if got, old := again.Stamps()[schema.MySQLUsers], before[schema.MySQLUsers]; got.Version != old.Version+1 || got.Epoch <= old.Epoch {
		t.Errorf("stamp %+v after %+v", got, old)
	}
	if got, old := again.Stamps()[schema.MySQLServersV2], before[schema.MySQLServersV2]; got != old {
		t.Errorf("a module the edit did not touch went from %+v to %+v", old, got)
	}
}

func TestApplyFile(t *testing.T) {
	n := boot(t, t.TempDir(), `mysql_users=({username="a";password="1"},{username="b";password="1"}) mysql_variables={max_connections=100; poll_timeout=500}`)
	n.exec("INSERT INTO mysql_users(username,password) VALUES('sql','s')")
	n.load(schema.MySQLUsers)
	n.exec("INSERT INTO mysql_users(username,password) VALUES('draft','d')")
	before := n.Stamps()

	report := n.apply(`mysql_users=({username="a";password="2"},{username="c";password="1"}) mysql_variables={max_connections=200}`)
	want := []layers.Applied{
		{Module: schema.MySQLVariables, Changed: 1, Deleted: 1, Loaded: true},
		{Module: schema.MySQLUsers, Changed: 2, Deleted: 1, Loaded: true},
	}
	if diff := cmp.Diff(want, report); diff != "" {
		t.Error(diff)
	}
	if got := n.inForce(); got != "a=2 c=1 sql=s" {
		t.Errorf("in force %q: edits win, foreign rows stay, drafts stay drafts", got)
	}
	if got := sorted(strings.Fields(n.list("SELECT username FROM main.mysql_users"))); got != "a c draft sql" {
		t.Errorf("memory %q", got)
	}
	if got := sorted(strings.Fields(n.list("SELECT username FROM disk.mysql_users"))); got != "a c" {
		t.Errorf("disk %q: what was never saved must not get there by an edit", got)
	}
	vars := n.Variables(schema.MySQLVariables)
	if vars["mysql-max_connections"] != "200" || vars["mysql-poll_timeout"] != "2000" {
		t.Errorf("max_connections %s, poll_timeout %s", vars["mysql-max_connections"], vars["mysql-poll_timeout"])
	}
	for name, s := range n.Stamps() {
		touched := name == schema.MySQLUsers || name == schema.MySQLVariables
		if (s.Version == before[name].Version+1) != touched {
			t.Errorf("%s went from version %d to %d", name, before[name].Version, s.Version)
		}
	}
	if report := n.apply(`mysql_users=({username="a";password="2"},{username="c";password="1"}) mysql_variables={max_connections=200}`); report != nil {
		t.Errorf("the same file again: %+v", report)
	}
}

func TestApplyFileAfterPeer(t *testing.T) {
	n := boot(t, "", `mysql_users=({username="a";password="1"})`)
	n.exec("UPDATE mysql_users SET password='2'") // as a pull of the peer's edit would
	n.load(schema.MySQLUsers)
	before := n.Stamps()[schema.MySQLUsers]
	report := n.apply(`mysql_users=({username="a";password="2"})`)
	if diff := cmp.Diff([]layers.Applied{{Module: schema.MySQLUsers, Changed: 1}}, report); diff != "" {
		t.Error(diff)
	}
	if got := n.Stamps()[schema.MySQLUsers]; got != before {
		t.Errorf("an edit that is in force already went from %+v to %+v", before, got)
	}
}

func TestFailedEditChangesNothing(t *testing.T) {
	n := start(t, "")
	refuse := false
	n.Subscribe(schema.MySQLQueryRules, layers.ConsumerFunc(func(*layers.Snapshot) (func(), error) {
		if refuse {
			return nil, context.Canceled
		}
		return func() {}, nil
	}))
	if err := n.Boot(layerstest.File(t, `mysql_users=({username="a"})`), false); err != nil {
		t.Fatal(err)
	}
	before := n.Stamps()
	refuse = true
	_, err := n.ApplyFile(layerstest.File(t, `mysql_users=({username="b"}) mysql_query_rules=({rule_id=1;active=1})`))
	if err == nil || err.Error() != "load mysql query rules to runtime: context canceled" {
		t.Errorf("error %v", err)
	}
	if diff := cmp.Diff(before, n.Stamps()); diff != "" {
		t.Error(diff)
	}
	if got := n.list("SELECT username FROM mysql_users"); got != "a" {
		t.Errorf("memory %q after an edit that failed", got)
	}
	refuse = false
	n.apply(`mysql_users=({username="b"}) mysql_query_rules=({rule_id=1;active=1})`)
	if got := n.list("SELECT username FROM mysql_users"); got != "b" {
		t.Errorf("memory %q after the edit that worked", got)
	}
}

func TestAdopt(t *testing.T) {
	sender := boot(t, "", `mysql_users=({username="a";password="1"},{username="b";default_hostgroup=2})
mysql_query_rules=({rule_id=1;active=1;match_digest="^SELECT";destination_hostgroup=2;apply=1})`)
	sender.clock = sender.clock.Add(time.Hour)
	sender.load(schema.MySQLUsers)
	sender.load(schema.MySQLQueryRules)
	receiver := boot(t, "", "")
	for _, module := range []string{schema.MySQLUsers, schema.MySQLQueryRules} {
		s := sender.Snapshot(module)
		pull := layers.Pull{Peer: "10.0.0.1:6032", Tables: map[string]*schema.Rows{}, Stamps: s.Stamps, Save: true}
		for table, rows := range s.Runtime {
			pull.Tables[table] = layers.Served(table, rows)
		}
		if got := pull.Checksums(module, false)[module]; got != s.Stamp().Checksum {
			t.Errorf("%s: pulled rows hash to %s, the peer shows %s", module, got, s.Stamp().Checksum)
		}
		if err := receiver.Adopt(module, pull); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(sender.Stamps()[module], receiver.Stamps()[module]); diff != "" {
			t.Errorf("%s: %s", module, diff)
		}
	}
	for _, layer := range []string{"main", "disk"} {
		if got := receiver.list("SELECT username || backend || frontend || active FROM " + layer + ".mysql_users ORDER BY 1"); got != "a111 b111" {
			t.Errorf("%s.mysql_users: %q", layer, got)
		}
	}
}

func TestAdoptRuntimeServers(t *testing.T) {
	n := boot(t, "", `mysql_servers=({hostgroup_id=1;hostname="a"},{hostgroup_id=2;hostname="b"})`)
	before := n.Stamps()
	moved := n.Snapshot(schema.MySQLServers).Runtime["mysql_servers"].Clone()
	moved.Rows[0][0] = schema.Text("2")
	pull := layers.Pull{Peer: "10.0.0.1:6032", RuntimeServers: moved}
	sum := pull.Checksums(schema.MySQLServers, false)[schema.MySQLServers]
	want := layers.Stamp{Version: 9, Epoch: n.clock.Unix() + 100, Checksum: sum}
	pull.Stamps = map[string]layers.Stamp{schema.MySQLServers: {Version: 9, Epoch: want.Epoch, Checksum: sum}}
	if err := n.AdoptRuntimeServers(pull); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, n.Stamps()[schema.MySQLServers]); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(before[schema.MySQLServersV2], n.Stamps()[schema.MySQLServersV2]); diff != "" {
		t.Errorf("what was loaded changed: %s", diff)
	}
	if got := n.list("SELECT hostgroup_id || hostname FROM mysql_servers ORDER BY 1"); got != "1a 2b" {
		t.Errorf("memory has %q", got)
	}
	if got := n.Snapshot(schema.MySQLServers).Runtime["mysql_servers"].Get(0, "hostgroup_id").Text; got != "2" {
		t.Errorf("runtime has hostgroup %s", got)
	}
	if err := n.AdoptRuntimeServers(layers.Pull{Peer: "10.0.0.1:6032"}); err == nil {
		t.Error("a pull without servers in force was adopted")
	}
}

func TestUUID(t *testing.T) {
	dir := t.TempDir()
	n := start(t, dir)
	uuid := func(configured string) string {
		t.Helper()
		u, err := n.UUID(configured)
		if err != nil {
			t.Fatal(err)
		}
		return u
	}
	first := uuid("")
	if len(first) != 36 || uuid("") != first || uuid("not-a-uuid") != first {
		t.Errorf("uuid %q does not stay", first)
	}
	const other = "99999999-bbbb-cccc-dddd-eeeeeeeeeeee"
	if uuid(other) != other || uuid("") != other {
		t.Error("a configured uuid is not taken over")
	}
	n.stop()
}

func TestPlanFileChangesNothing(t *testing.T) {
	n := boot(t, "", `mysql_users=({username="a"})`)
	before := n.Stamps()
	f := layerstest.File(t, `mysql_users=({username="b"})`)
	for range 2 {
		report, err := n.PlanFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]layers.Applied{{Module: schema.MySQLUsers, Changed: 1, Deleted: 1, Loaded: true}}, report); diff != "" {
			t.Error(diff)
		}
	}
	if got := n.list("SELECT username FROM mysql_users"); got != "a" {
		t.Errorf("a plan changed the users to %q", got)
	}
	if diff := cmp.Diff(before, n.Stamps()); diff != "" {
		t.Error(diff)
	}
}

func TestDrift(t *testing.T) {
	n := boot(t, t.TempDir(), `mysql_users=({username="a";password="1"},{username="b"}) mysql_variables={max_connections=100}`)
	words := func() string {
		t.Helper()
		ds, err := n.Drift()
		if err != nil {
			t.Fatal(err)
		}
		var lines []string
		for _, d := range ds {
			lines = append(lines, d.String())
		}
		return strings.Join(lines, "\n")
	}
	if got := words(); got != "" {
		t.Errorf("after the first boot:\n%s", got)
	}
	n.exec("UPDATE mysql_users SET password='2', max_connections=5 WHERE username='a'")
	n.exec("DELETE FROM mysql_users WHERE username='b'")
	n.exec("INSERT INTO mysql_users(username) VALUES('c')")
	n.exec("UPDATE global_variables SET variable_value='200' WHERE variable_name='mysql-max_connections'")
	n.load(schema.MySQLVariables)
	want := `global_variables (variable_name=mysql-max_connections) variable_value: file "100", disk "100", memory "200", runtime "200": SAVE MYSQL VARIABLES TO DISK
mysql_users (username=a, backend=1) max_connections: file "10000", disk "10000", memory "5", runtime "10000": LOAD MYSQL USERS TO RUNTIME; SAVE MYSQL USERS TO DISK
mysql_users (username=a, backend=1) password: file "***", disk "***", memory "***", runtime "***": LOAD MYSQL USERS TO RUNTIME; SAVE MYSQL USERS TO DISK
mysql_users (username=b, backend=1): file present, disk present, memory absent, runtime present: LOAD MYSQL USERS TO RUNTIME; SAVE MYSQL USERS TO DISK
mysql_users (username=c, backend=1): file not mentioned, disk absent, memory present, runtime absent: LOAD MYSQL USERS TO RUNTIME; SAVE MYSQL USERS TO DISK`
	if diff := cmp.Diff(want, words()); diff != "" {
		t.Error(diff)
	}
}

// BenchmarkApplyFile is an edit that changes 1 000 users and 1 000 rules.
func BenchmarkApplyFile(b *testing.B) {
	text := func(n int) string {
		var s strings.Builder
		s.WriteString("mysql_users=(")
		for i := range 1000 {
			fmt.Fprintf(&s, "{username=\"user%d\";password=\"%d\"},", i, n)
		}
		s.WriteString(")\nmysql_query_rules=(")
		for i := range 1000 {
			fmt.Fprintf(&s, "{rule_id=%d;active=1;match_digest=\"^SELECT .* FROM t%d \";destination_hostgroup=%d;apply=1},", i+1, i, n%7)
		}
		s.WriteString(")")
		return s.String()
	}
	n := start(b, b.TempDir())
	if err := n.Boot(layerstest.File(b, text(0)), false); err != nil {
		b.Fatal(err)
	}
	files := []*conf.File{layerstest.File(b, text(1)), layerstest.File(b, text(2))}
	i := 0
	for b.Loop() {
		i++
		if _, err := n.ApplyFile(files[i%2]); err != nil {
			b.Fatal(err)
		}
	}
}
