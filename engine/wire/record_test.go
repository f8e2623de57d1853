package wire_test

import (
	"bufio"
	"context"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/keepsql/keepsql/engine/internal/mariadbtest"
	"github.com/keepsql/keepsql/engine/wire"
)

var rewrite = flag.Bool("rewrite", false, "rewrite testdata from the answers of a real server")

const recordFile = "testdata/answers.jsonl"

// record is one answer of a real server, and what Answer says about it.
type record struct {
	Name    string          `json:"name"`
	Command wire.Command    `json:"command"`
	Caps    wire.Capability `json:"caps"` // of CapDeprecateEOF and CapSessionTrack
	Hex     string          `json:"hex"`
	Summary summary         `json:"summary"`
}

type summary struct {
	Kind         wire.Kind   `json:"kind"`
	Status       uint16      `json:"status"`
	Warnings     uint16      `json:"warnings,omitempty"`
	AffectedRows uint64      `json:"affected_rows,omitempty"`
	LastInsertID uint64      `json:"last_insert_id,omitempty"`
	Rows         uint64      `json:"rows,omitempty"`
	Results      int         `json:"results"`
	Err          *wire.Error `json:"err,omitempty"`
	Params       uint16      `json:"params,omitempty"`
	Width        uint16      `json:"width,omitempty"`
	States       int         `json:"states,omitempty"`
}

func summarize(a *wire.Answer, states int) summary {
	return summary{
		Kind: a.Kind, Status: a.Status, Warnings: a.Warnings, AffectedRows: a.AffectedRows, LastInsertID: a.LastInsertID,
		Rows: a.Rows, Results: a.Results, Err: a.Err, Params: a.Params, Width: a.PreparedWidth, States: states,
	}
}

func (r *record) raw(t testing.TB) []byte {
	b, err := hex.DecodeString(r.Hex)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func loadRecords(t testing.TB) []record {
	t.Helper()
	f, err := os.Open(recordFile)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var out []record
	for s := bufio.NewScanner(f); s.Scan(); {
		var r record
		if err := json.Unmarshal(s.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		out = append(out, r)
	}
	if len(out) == 0 {
		t.Fatal("no records")
	}
	return out
}

// kinds are the four ways a server may answer.
var kinds = []wire.Capability{
	0, wire.CapDeprecateEOF, wire.CapSessionTrack, wire.CapDeprecateEOF | wire.CapSessionTrack,
}

// request is a command; if statement is set, the id of the statement prepared under that name stands before arg.
type request struct {
	name      string
	command   wire.Command
	arg       string
	statement string
}

func on(prepared, name string, cmd wire.Command, arg ...byte) request {
	return request{name, cmd, string(arg), prepared}
}

// requests are sent in this order on one connection.
var requests = []request{
	{name: "ping", command: wire.ComPing, arg: ""},
	{name: "use", command: wire.ComInitDB, arg: "d"},
	{name: "use in text", command: wire.ComQuery, arg: "USE d"},
	{name: "use unknown", command: wire.ComInitDB, arg: "nosuch"},
	{name: "set", command: wire.ComQuery, arg: "SET autocommit=1, time_zone='+01:00'"},
	{name: "create", command: wire.ComQuery, arg: "CREATE OR REPLACE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY, a VARCHAR(300), b INT)"},
	{name: "insert", command: wire.ComQuery, arg: "INSERT INTO t (a,b) VALUES ('x',1),(NULL,2),(REPEAT('z',300),3)"},
	{name: "update", command: wire.ComQuery, arg: "UPDATE t SET b=b+1 WHERE id<3"},
	{name: "begin", command: wire.ComQuery, arg: "BEGIN"},
	{name: "point select", command: wire.ComQuery, arg: "SELECT a FROM t WHERE id=1"},
	{name: "rollback", command: wire.ComQuery, arg: "ROLLBACK"},
	{name: "no rows", command: wire.ComQuery, arg: "SELECT * FROM t WHERE id=0"},
	{name: "three rows", command: wire.ComQuery, arg: "SELECT * FROM t ORDER BY id"},
	{name: "many rows", command: wire.ComQuery, arg: "SELECT seq, REPEAT('r', seq) FROM seq_1_to_60"},
	{name: "unknown column", command: wire.ComQuery, arg: "SELECT nosuch FROM t"},
	{name: "error amid rows", command: wire.ComQuery, arg: "SELECT IF(seq=3,(SELECT s.seq FROM seq_1_to_2 s),1) FROM seq_1_to_5"},
	{name: "warnings", command: wire.ComQuery, arg: "SELECT 1/0, CAST('1x' AS INT)"},
	{name: "several statements", command: wire.ComQuery, arg: "SELECT 1 AS a; DO 0; UPDATE t SET b=9 WHERE id=1; SELECT 2; SELECT 1 WHERE 0"},
	{name: "error in second statement", command: wire.ComQuery, arg: "SELECT 1 AS a; SELECT nosuch; SELECT 2"},
	{name: "call", command: wire.ComQuery, arg: "CALL two()"},
	{name: "local file", command: wire.ComQuery, arg: "LOAD DATA LOCAL INFILE 'x' INTO TABLE t (a)"},
	{name: "statistics", command: wire.ComStatistics, arg: ""},
	{name: "fields", command: wire.ComFieldList, arg: "t\x00"},
	{name: "fields of unknown table", command: wire.ComFieldList, arg: "nosuch\x00"},
	{name: "set option", command: wire.ComSetOption, arg: "\x00\x00"},
	{name: "prepare", command: wire.ComStmtPrepare, arg: "SELECT a, b FROM t WHERE id >= ? AND b < ?"},
	{name: "prepare without parameters", command: wire.ComStmtPrepare, arg: "SELECT seq FROM seq_1_to_5"},
	{name: "prepare without columns", command: wire.ComStmtPrepare, arg: "UPDATE t SET b=? WHERE id=?"},
	{name: "prepare with neither", command: wire.ComStmtPrepare, arg: "DO 1"},
	{name: "prepare nonsense", command: wire.ComStmtPrepare, arg: "SELEC 1"},
	on("prepare", "execute", wire.ComStmtExecute, 0, 1, 0, 0, 0, 0, 1, 3, 0, 3, 0, 1, 0, 0, 0, 100, 0, 0, 0),
	on("prepare", "execute again", wire.ComStmtExecute, 0, 1, 0, 0, 0, 0, 0, 2, 0, 0, 0, 100, 0, 0, 0),
	on("prepare without columns", "execute update", wire.ComStmtExecute, 0, 1, 0, 0, 0, 0, 1, 3, 0, 3, 0, 5, 0, 0, 0, 1, 0, 0, 0),
	on("nosuch", "execute unknown", wire.ComStmtExecute, 0, 1, 0, 0, 0),
	on("prepare without parameters", "execute with cursor", wire.ComStmtExecute, 1, 1, 0, 0, 0),
	on("prepare without parameters", "fetch", wire.ComStmtFetch, 2, 0, 0, 0),
	on("prepare without parameters", "fetch to the end", wire.ComStmtFetch, 200, 0, 0, 0),
	on("prepare without parameters", "fetch beyond", wire.ComStmtFetch, 200, 0, 0, 0),
	on("prepare", "reset statement", wire.ComStmtReset),
	{name: "several statements off", command: wire.ComQuery, arg: "SELECT 1; SELECT 2"},
	{name: "reset connection", command: wire.ComResetConnection, arg: ""},
	{name: "unknown command", command: wire.Command(77), arg: ""},
}

// ask sends a request and returns the whole raw answer.
func ask(t *testing.T, c *wire.Conn, a *wire.Answer, q request, caps wire.Capability, ids map[string]uint32) []byte {
	t.Helper()
	a.Reset(q.command, caps)
	if q.statement != "" {
		q.arg = string(binary.LittleEndian.AppendUint32(nil, ids[q.statement])) + q.arg
	}
	if err := c.WriteCommand(q.command, q.arg); err != nil {
		t.Fatalf("%s: %v", q.name, err)
	}
	var raw []byte
	for done := false; !done; {
		b, err := c.ReadChunk()
		if err != nil {
			t.Fatalf("%s: %v after %x", q.name, err, raw)
		}
		var n int
		if n, done, err = a.Feed(b); err != nil {
			t.Fatalf("%s: %v after %x", q.name, err, raw)
		}
		raw = append(raw, b[:n]...)
		c.Unread(len(b) - n)
		if done && a.Kind == wire.KindFile && a.Results == 0 {
			done = false
			sendFile(t, c, raw)
			a.AwaitFile()
		}
	}
	if a.Kind == wire.KindPrepared {
		ids[q.name] = a.StatementID
		copy(raw[5:9], "\x01\x00\x00\x00") // MariaDB counts statements of all connections
	}
	return raw
}

// sendFile uploads three rows as the answer to the request for a file at the end of raw.
func sendFile(t *testing.T, c *wire.Conn, raw []byte) {
	t.Helper()
	c.SetSeq(raw[3] + 1) // the request is the first packet of its answer
	if err := errors.Join(c.WritePacket([]byte("one\ntwo\nthree\n")), c.WritePacket(nil), c.Flush()); err != nil {
		t.Fatal(err)
	}
}

// TestAnswerAgainstMariaDB follows a real server's answers in all four forms, and translates each form into each other one
// and compares with what the server itself says in that form.
func TestAnswerAgainstMariaDB(t *testing.T) {
	s := mariadbtest.Start(t, mariadbtest.Opts{
		Args: []string{"--local-infile=1", "--session-track-state-change=1"},
		SQL: []string{
			"CREATE DATABASE d", "CREATE USER app IDENTIFIED BY 'app'", "GRANT ALL ON *.* TO app",
			"CREATE PROCEDURE d.two() BEGIN SELECT 1 AS a; SELECT 2 AS b, 3 AS c; END",
		},
	})
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	answers := make(map[wire.Capability][][]byte)
	var records []record
	for _, caps := range kinds {
		c, info, err := wire.Dial(ctx, "tcp", s.Addr, &wire.Account{
			User: "app", Password: "app", Database: "d", Capabilities: caps | wire.CapLocalFiles | wire.CapMultiStatements,
		})
		if err != nil {
			t.Fatal(err)
		}
		c.SetDeadline(time.Now().Add(time.Minute))
		if info.Capabilities&(wire.CapDeprecateEOF|wire.CapSessionTrack) != caps {
			t.Fatalf("server grants %x", info.Capabilities)
		}
		var a wire.Answer
		states, ids := 0, map[string]uint32{"nosuch": 1 << 30}
		a.StateChanged = func([]byte) { states++ }
		for _, q := range requests {
			states = 0
			raw := ask(t, c, &a, q, caps, ids)
			if int(a.Bytes) != len(raw) {
				t.Errorf("%s: counted %d bytes of %d", q.name, a.Bytes, len(raw))
			}
			answers[caps] = append(answers[caps], raw)
			records = append(records, record{q.name, q.command, caps, hex.EncodeToString(raw), summarize(&a, states)})
		}
		// the connection must be in step: nothing left over, nothing taken too much
		if raw := ask(t, c, &a, requests[0], caps, ids); c.Buffered() > 0 || a.Kind != wire.KindOK || raw[3] != 1 {
			t.Errorf("caps %x: out of step: %x", caps, raw)
		}
		c.Close()
	}
	if *rewrite {
		writeRecords(t, records)
	}
	for _, from := range kinds {
		for _, to := range kinds {
			if to&^from&wire.CapSessionTrack != 0 {
				continue // nobody can tell what the server did not
			}
			blur := from&^to&wire.CapDeprecateEOF != 0
			for i, q := range requests {
				switch q.name {
				case "statistics", "local file", "fetch beyond":
					continue // times differ; the answer around an upload is no single stream; a statement id in the text
				}
				got := translate(t, q.command, from, to, answers[from][i], 1<<20)
				if d := cmp.Diff(packets(answers[to][i], blur), packets(got, blur)); d != "" {
					t.Errorf("%s: from %x to %x:\n%s", q.name, from, to, d)
				}
			}
		}
	}
}

// translate runs an answer through a Translator in chunks of the given size.
func translate(t *testing.T, cmd wire.Command, from, to wire.Capability, raw []byte, chunk int) []byte {
	t.Helper()
	var tr wire.Translator
	tr.Reset(cmd, from, to, wire.StatusAutocommit)
	var out []byte
	for done := false; !done; {
		b := raw[:min(chunk, len(raw))]
		var n int
		var err error
		if out, n, done, err = tr.Feed(out, b); err != nil {
			t.Fatalf("translate: %v", err)
		}
		if raw = raw[n:]; !done && len(raw) == 0 {
			t.Fatal("translate: no end")
		}
	}
	if len(raw) != 0 {
		t.Fatalf("translate: %d bytes left", len(raw))
	}
	return out
}

// packets splits raw bytes for comparison. With blur, the status of EOF packets behind definitions is left out: who translates
// from a server that does not send them can only guess it.
func packets(raw []byte, blur bool) (out []string) {
	definition := false
	for len(raw) >= 4 {
		n := 4 + (int(raw[0]) | int(raw[1])<<8 | int(raw[2])<<16)
		p := raw[:n]
		if blur && definition && n == 9 && p[4] == 0xfe {
			p = p[:7]
		}
		out = append(out, hex.EncodeToString(p))
		definition = strings.HasPrefix(string(p[4:]), "\x03def")
		raw = raw[n:]
	}
	return out
}

func writeRecords(t *testing.T, records []record) {
	t.Helper()
	f, err := os.Create(recordFile)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, r := range records {
		b, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		f.Write(append(b, '\n'))
	}
}
