package proxy_test

import (
	"bufio"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/keepsql/keepsql/engine/internal/mariadbtest"
	"github.com/keepsql/keepsql/engine/wire"
)

// conversation is a recorded one: what ProxySQL 2.7.1 answered, and what the server itself did where that is something else.
type conversation struct {
	Name  string
	Admin []string
	Steps []struct {
		Conn, Op         string
		Args             json.RawMessage
		ProxySQL, Server string
	}
}

// The conversations build on tables that earlier ones make, so they are one test. Answers that are neither ProxySQL's nor
// the server's, and those in which the server's was chosen over ProxySQL's, are in testdata/wire_differences.tsv with the
// reason; KEEPSQL_WRITE_DIFFERENCES writes its first four columns anew.
func TestRecordedConversations(t *testing.T) {
	t.Parallel()
	accounts := []string{"CREATE DATABASE IF NOT EXISTS test CHARACTER SET utf8mb4", "CREATE DATABASE test2 CHARACTER SET utf8mb4",
		"CREATE USER app@'%' IDENTIFIED BY 'app'", "GRANT ALL ON *.* TO app@'%'",
		"CREATE USER app2@'%' IDENTIFIED BY 'app2'", "GRANT ALL ON *.* TO app2@'%'"}
	o := mariadbtest.Opts{SQL: accounts, Args: []string{"--character-set-server=utf8mb4", "--collation-server=utf8mb4_general_ci",
		"--log-bin", "--server-id=1", "--max-connections=6000"}}
	one, two := mariadbtest.Start(t, o), mariadbtest.Start(t, o)
	n := startWith(t, "", fmt.Sprintf(`mysql_servers: (
	{ address="127.0.0.1", port=%d, hostgroup=0 }, { address="127.0.0.1", port=%d, hostgroup=1 } )
mysql_users: ( { username="app", password="app" }, { username="app2", password="app2" } )
`, one.Port, two.Port))
	numbers := strings.NewReplacer(strconv.Itoa(one.Port), "25101", strconv.Itoa(two.Port), "25102")
	known := differences(t)
	got := map[string]string{}
	for _, c := range conversations(t) {
		n.recordedSetup(c.Admin)
		on := &stage{n: n, one: one, clients: map[string]*rawClient{}}
		for i, s := range c.Steps {
			answer := waited.ReplaceAllString(numbers.Replace(on.step(t, s.Conn, s.Op, s.Args)), "after 1000ms")
			if strings.Contains(s.ProxySQL, " (*) ") { // a connection's number
				answer = number.ReplaceAllString(answer, " (*) ")
			}
			// the server installed here need not be of the release that was recorded
			answer, s.ProxySQL = release.ReplaceAllString(answer, "(MariaDB)"), release.ReplaceAllString(s.ProxySQL, "(MariaDB)")
			if answer != s.ProxySQL && !(s.ProxySQL == "CLOSED" && answer == "") {
				got[fmt.Sprintf("%s\t%d", c.Name, i+1)] = answer
			}
		}
		for _, cl := range on.clients {
			cl.c.Kill()
		}
		n.recordedSetup([]string{"DELETE FROM mysql_query_rules", "LOAD MYSQL QUERY RULES TO RUNTIME", "SET mysql-query_digests='true'",
			"SET mysql-autocommit_false_is_transaction='false'", "LOAD MYSQL VARIABLES TO RUNTIME"})
	}
	if os.Getenv("KEEPSQL_WRITE_DIFFERENCES") != "" {
		writeDifferences(t, got)
		return
	}
	want := map[string]string{}
	for k, d := range known {
		want[k] = d.answer
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

var (
	number  = regexp.MustCompile(` \(\d+\) `)
	release = regexp.MustCompile(`\(\d+\.\d+\.\d+-MariaDB[^)]*\)`)
)

// recordedSetup runs admin statements: the few forms that are in the record.
func (n *node) recordedSetup(stmts []string) {
	n.t.Helper()
	for _, q := range stmts {
		// what fails by time fails later too, and what does not is to have the time on a machine that stands still for a moment
		q = strings.Replace(q, "connect_timeout_server_max='1000'", "connect_timeout_server_max='4000'", 1)
		if module, ok := strings.CutPrefix(q, "LOAD "); ok {
			module, _, _ = strings.Cut(strings.ToLower(module), " to ")
			n.admin(strings.ReplaceAll(module, " ", "_"))
			continue
		}
		if set, ok := strings.CutPrefix(q, "SET "); ok {
			name, value, _ := strings.Cut(set, "=")
			q = fmt.Sprintf("UPDATE global_variables SET variable_value=%s WHERE variable_name='%s'", value, name)
		}
		if _, err := n.Store.Exec(n.t.Context(), q); err != nil {
			n.t.Fatalf("%s: %v", q, err)
		}
	}
}

// step takes one step of a conversation.
func step(t *testing.T, addr string, clients map[string]*rawClient, conn, op string, args json.RawMessage) (answer string) {
	t.Helper()
	if op == "connect" {
		clients[conn], answer = connectRaw(t, addr, args)
		return answer
	}
	c := clients[conn]
	var text string
	_ = json.Unmarshal(args, &text) // numbers and lists are looked at by none of the commands below
	switch op {
	case "ping":
		return c.command(wire.ComPing, "")
	case "init_db":
		return c.command(wire.ComInitDB, text)
	case "field_list":
		return c.command(wire.ComFieldList, text+"\x00")
	case "reset_connection":
		return c.command(wire.ComResetConnection, "")
	case "quit":
		return c.command(wire.ComQuit, "")
	case "process_info":
		return c.command(wire.ComProcessInfo, "")
	case "change_user":
		return c.changeUser(text)
	case "prepare":
		return c.command(wire.ComStmtPrepare, text)
	case "execute":
		return c.command(wire.ComStmtExecute, string(c.stmt)+"\x00\x01\x00\x00\x00")
	case "mux":
		return c.kept()
	case "execute with", "long data":
		return c.numbered(op, args)
	case "execute cursor":
		return c.command(wire.ComStmtExecute, string(c.stmt)+"\x01\x01\x00\x00\x00")
	case "fetch":
		return c.command(wire.ComStmtFetch, string(c.stmt)+"\x03\x00\x00\x00")
	}
	t.Fatalf("step %q is not known", op)
	return ""
}

// kept tells whether the session keeps a server connection, and why, as PROXYSQL INTERNAL SESSION shows it.
func (r *rawClient) kept() string {
	if err := r.c.WriteCommand(wire.ComQuery, "PROXYSQL INTERNAL SESSION"); err != nil {
		return "CLOSED"
	}
	r.answer.Reset(wire.ComQuery, r.caps)
	var packets [][]byte
	for done := false; !done; {
		p, err := r.c.ReadRaw()
		if err != nil {
			return "CLOSED"
		}
		if _, done, err = r.answer.Feed(p); err != nil {
			return err.Error()
		}
		packets = append(packets, append([]byte(nil), p[4:]...))
	}
	row, err := wire.DecodeRow(nil, packets[len(packets)-2], 1)
	if err != nil {
		return err.Error()
	}
	var info struct {
		Backends []struct {
			Conn struct {
				Status []string
				Delay  int `json:"auto_increment_delay_token"`
			}
		}
	}
	if err := json.Unmarshal([]byte(row[0].Text), &info); err != nil {
		return err.Error()
	}
	if len(info.Backends) == 0 {
		return "shared"
	}
	said := append([]string{"kept"}, slices.Sorted(slices.Values(info.Backends[0].Conn.Status))...)
	if n := info.Backends[0].Conn.Delay; n > 0 {
		said = append(said, fmt.Sprintf("delay=%d", n))
	}
	return strings.Join(said, " ")
}

// numbered takes a step on a statement of a given number.
func (r *rawClient) numbered(op string, args json.RawMessage) string {
	var a struct {
		ID          byte
		Params      string
		Param, Size int
	}
	if err := json.Unmarshal(args, &a); err != nil {
		return err.Error()
	}
	if op == "long data" {
		if r.c.WriteCommand(wire.ComStmtSendLongData, string([]byte{a.ID, 0, 0, 0, byte(a.Param), 0})+strings.Repeat("a", a.Size)) != nil {
			return "CLOSED"
		}
		return ""
	}
	params, err := hex.DecodeString(a.Params)
	if err != nil {
		return err.Error()
	}
	return r.command(wire.ComStmtExecute, string([]byte{a.ID, 0, 0, 0, 0, 1, 0, 0, 0})+string(params))
}

// changeUser logs in as the record says: "app2", "app (empty auth)" or "app2 bad".
func (r *rawClient) changeUser(how string) string {
	name, extra, _ := strings.Cut(how, " ")
	schema := map[string]string{"app": "test", "app2": "test2"}[name]
	u := wire.ChangeUser{User: name, Database: schema, Charset: 45, Plugin: wire.PluginNative, Auth: nativeAnswer(name, r.scramble)}
	password := name
	switch extra {
	case "bad":
		password = "bad"
		u.Auth = nativeAnswer(password, r.scramble)
	case "(in test)":
		u.Database = "test"
	case "(empty auth)":
		u.Auth = nil
	}
	r.c.BeginCommand()
	if r.c.WriteMessage(messageOf(u.Append(nil, r.caps))) != nil || r.c.Flush() != nil {
		return "CLOSED"
	}
	return r.logInAnswer(password)
}

// messageOf is a payload as a message.
type messageOf []byte

func (m messageOf) Append(b []byte) []byte { return append(b, m...) }

func conversations(t *testing.T) []conversation {
	t.Helper()
	f, err := os.Open("testdata/wire_conversations.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var out []conversation
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var c conversation
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		out = append(out, c)
	}
	return out
}

// difference is a line of testdata/wire_differences.tsv.
type difference struct{ answer, reason string }

func differences(t *testing.T) map[string]difference {
	t.Helper()
	b, err := os.ReadFile("testdata/wire_differences.tsv")
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]difference{}
	for i, line := range strings.Split(strings.TrimSuffix(string(b), "\n"), "\n") {
		f := strings.Split(line, "\t")
		if len(f) != 5 || f[4] == "" {
			t.Fatalf("wire_differences.tsv:%d: want conversation, step, answer, ProxySQL's answer and reason: %q", i+1, line)
		}
		out[f[0]+"\t"+f[1]] = difference{f[2], f[4]}
	}
	return out
}

func writeDifferences(t *testing.T, got map[string]string) {
	t.Helper()
	var b strings.Builder
	known := differences(t)
	for _, c := range conversations(t) {
		for i, s := range c.Steps {
			key := fmt.Sprintf("%s\t%d", c.Name, i+1)
			if answer, ok := got[key]; ok {
				reason := known[key].reason
				if reason == "" && answer == s.Server {
					reason = "the server's answer"
				}
				fmt.Fprintf(&b, "%s\t%s\t%s\t%s\n", key, answer, s.ProxySQL, reason)
			}
		}
	}
	if err := os.WriteFile("testdata/wire_differences.tsv", []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}
