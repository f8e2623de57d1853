package cluster_test

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keepsql/keepsql/engine/cluster/diffcheck"
)

var statementLine = regexp.MustCompile(`(?m)^ +(?:[\d.]+ )?#(\d+) (.*)$`)

// recording is testdata/17_wire_capture.txt: what ProxySQL sent to a fake peer, and logged.
type recording struct{ text string }

func readRecording(t *testing.T) recording {
	t.Helper()
	text, err := os.ReadFile("testdata/17_wire_capture.txt")
	if err != nil {
		t.Fatal(err)
	}
	return recording{string(text)}
}

// conn lists the statements of a connection.
func (r recording) conn(n string) (out []string) {
	for _, m := range statementLine.FindAllStringSubmatch(r.text, -1) {
		if m[1] == n {
			out = append(out, m[2])
		}
	}
	return out
}

// module gives the statements and the log of the section about a module, as far as it was recorded.
func (r recording) module(name string) (statements, log []string) {
	_, section, _ := strings.Cut(r.text, "## module "+name+" announced")
	section, _, _ = strings.Cut(section, "-- wait 1.2s")
	for _, m := range statementLine.FindAllStringSubmatch(section, -1) {
		statements = append(statements, m[2])
	}
	for _, line := range strings.Split(section, "\n") {
		if line = strings.TrimSpace(line); strings.HasPrefix(line, "[") {
			log = append(log, line)
		}
	}
	return statements, log
}

// TestPollingAsRecorded compares the statements of a polling connection with the recorded ones.
func TestPollingAsRecorded(t *testing.T) {
	t.Parallel()
	rec := readRecording(t)
	f := newFakePeer(t, true)
	f.onStatement(func(conn int, sql string) reaction {
		if conn == 1 && strings.Contains(sql, "runtime_checksums_values") {
			return hangUp
		}
		return answer
	})
	s := prepare(t, uuidA, version, timing())
	s.boot(config([]int{f.port}, `mysql_ifaces="127.0.0.1:25011";`))
	want := rec.conn("2")
	eventually(t, "as many statements as recorded", func() bool { return len(f.statements(2)) > len(want) })

	anonymous := func(statements []string) []string {
		for i := range statements {
			statements[i] = strings.ReplaceAll(statements[i], uuidA, "<UUID>")
		}
		return statements
	}
	if d := cmp.Diff(rec.conn("1"), anonymous(f.statements(1))); d != "" {
		t.Errorf("connection that breaks: %s", d)
	}
	// ProxySQL takes the global checksum for known although the rows behind it never came; here they are read.
	want = slices.Insert(want, 3, "SELECT * FROM runtime_checksums_values ORDER BY name")
	if d := cmp.Diff(want, anonymous(f.statements(2))[:len(want)]); d != "" {
		t.Errorf("second connection: %s", d)
	}
	for _, a := range f.all() {
		if !a.tls {
			t.Fatalf("clear text on connection %d: %s", a.conn, a.sql)
		}
	}
	s.logged("[ERROR] Cluster: unable to run query on 127.0.0.1:" + itoa(f.port) + " using user cluster after ")
	wantMetrics := "127.0.0.1,n" + itoa(f.port) + ",55,77,3,9"
	eventually(t, "metrics", func() bool {
		return s.table("stats_proxysql_servers_metrics", "hostname", "comment", "Uptime_s", "Queries", "Client_Connections_connected", "Client_Connections_created") == wantMetrics
	})
}

// TestPullsAsRecorded announces newer content of every module, of which the peer serves nothing, and compares the statements
// of the pull and the lines of the log with the recorded ones.
func TestPullsAsRecorded(t *testing.T) {
	t.Parallel()
	rec := readRecording(t)
	f := newFakePeer(t, true)
	tm := timing()
	tm.Retry = diffcheck.Retry{Min: time.Hour, Max: time.Hour} // the first try tells all
	s := prepare(t, uuidA, version, tm)
	s.boot(config([]int{f.port}, ""))
	f.like(s)
	s.logged("matches with local checksum " + s.Layers.Stamps()["proxysql_servers"].Checksum)
	_, seen := s.log.since(0)
	epoch := time.Now().Unix() + 30
	for _, name := range []string{
		"admin_variables", "mysql_query_rules", "mysql_servers", "mysql_servers_v2", "mysql_users", "mysql_variables", "proxysql_servers",
	} {
		conns := f.connections()
		f.set(name, diffcheck.Stamp{Version: 2, Epoch: epoch, Checksum: "0x1111111111111111"})
		eventually(t, "pull of "+name, func() bool {
			st := f.statements(conns + 1)
			return len(st) > 0 && st[len(st)-1] == "COM_QUIT"
		})
		wantStatements, wantLog := rec.module(name)
		if d := cmp.Diff(wantStatements, f.statements(conns+1)); d != "" {
			t.Errorf("%s: statements: %s", name, d)
		}
		var lines []string
		eventually(t, "log of "+name, func() bool {
			lines, _ = s.log.since(seen)
			return strings.Contains(lines[len(lines)-1], "failed") || name == "mysql_servers" && strings.Contains(lines[len(lines)-1], "Computed")
		})
		want, got := firstTry(wantLog, "25017"), firstTry(lines, itoa(f.port))
		if name == "admin_variables" {
			got = got[:len(want)] // the recording is cut off
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s: log: %s", name, d)
		}
		_, seen = s.log.since(seen)
		f.like(s) // as before, so that each module is announced alone
		eventually(t, "peer seen as equal", func() bool { return s.equalTo(f, name) })
		_, seen = s.log.since(0)
	}
}

// equalTo tells that all the peer shows is what we have, by the count of the module that differed last.
func (s *stack) equalTo(f *fakePeer, name string) bool {
	for _, r := range strings.Fields(s.table("stats_proxysql_servers_checksums", "name", "diff_check")) {
		if r == name+",0" {
			return true
		}
	}
	return false
}

var epochs = regexp.MustCompile(`(epoch:? )(\d+|<T\+\d+>)`)

// firstTry gives the lines up to the end of the first pull, without what differs between two runs, and without the recorded
// lines about other modules.
func firstTry(lines []string, port string) (out []string) {
	for _, line := range lines {
		if strings.Contains(line, "matches with local checksum") || strings.Contains(line, ", version 1, ") || strings.HasPrefix(line, "…") {
			continue
		}
		line = strings.ReplaceAll(line, "127.0.0.1:"+port, "PEER")
		line = epochs.ReplaceAllString(line, "${1}E")
		out = append(out, line)
		if strings.Contains(line, "failed") || len(out) > 1 && strings.Contains(out[1], "with mysql_servers version") && strings.Contains(line, "Computed") {
			return out
		}
	}
	return out
}

// TestRecordingIsRead keeps the parsing of the recording honest.
func TestRecordingIsRead(t *testing.T) {
	rec := readRecording(t)
	if n := len(rec.conn("1")); n != 4 {
		t.Errorf("connection 1 has %d statements, want 4", n)
	}
	statements, log := rec.module("mysql_servers_v2")
	if got := fmt.Sprint(len(statements), len(log)); got != "9 16" {
		t.Errorf("mysql_servers_v2 has %s statements and lines, want 9 16", got)
	}
}
