package eventlog_test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keepsql/keepsql/engine/eventlog"
)

// read gives a file of testdata: recorded ones of ProxySQL 2.7.1.
func read(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestRecordedJSON(t *testing.T) {
	for line := range strings.Lines(string(read(t, "eventslog_format2.jsonl"))) {
		var r struct {
			Client, Digest, Event, Query, Schemaname, Server, Username string
			StatementID                                                uint32  `json:"client_stmt_id"`
			Start                                                      int64   `json:"starttime_timestamp_us"`
			End                                                        int64   `json:"endtime_timestamp_us"`
			Hostgroup                                                  int     `json:"hostgroup_id"`
			InsertID                                                   uint64  `json:"last_insert_id"`
			Affected                                                   *uint64 `json:"rows_affected"`
			Sent                                                       uint64  `json:"rows_sent"`
			Thread                                                     uint64  `json:"thread_id"`
		}
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatal(err)
		}
		digest, err := strconv.ParseUint(r.Digest[2:], 16, 64)
		if err != nil {
			t.Fatal(err)
		}
		kinds := map[string]eventlog.Kind{"COM_QUERY": eventlog.Query, "COM_STMT_EXECUTE": eventlog.Execute, "COM_STMT_PREPARE": eventlog.Prepare}
		e := eventlog.Event{
			Kind: kinds[r.Event], ThreadID: r.Thread, Username: r.Username, Schemaname: r.Schemaname, Client: r.Client,
			Hostgroup: r.Hostgroup, Server: r.Server, Start: time.UnixMicro(r.Start).UTC(), End: time.UnixMicro(r.End).UTC(),
			StatementID: r.StatementID, OK: r.Affected != nil, LastInsertID: r.InsertID, RowsSent: r.Sent, Digest: digest, Query: []byte(r.Query),
		}
		if e.OK {
			e.AffectedRows = *r.Affected
		}
		if d := cmp.Diff(line, string(e.Append(nil, eventlog.JSON))); d != "" {
			t.Error(d)
		}
	}
}

func TestRecordedAudit(t *testing.T) {
	for line := range strings.Lines(string(read(t, "auditlog.jsonl"))) {
		var r struct {
			Client   string `json:"client_addr"`
			Proxy    string `json:"proxy_addr"`
			Extra    string `json:"extra_info"`
			Created  string `json:"creation_time"`
			Event    string
			Schema   string `json:"schemaname"`
			TLS      bool   `json:"ssl"`
			Thread   uint64 `json:"thread_id"`
			Time     int64  `json:"timestamp"`
			Username string
			Duration string
		}
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatal(err)
		}
		e := eventlog.AuditEvent{
			Event: r.Event, ThreadID: r.Thread, Username: r.Username, Schemaname: r.Schema, Client: r.Client, Proxy: r.Proxy,
			TLS: r.TLS, Time: time.UnixMilli(r.Time).UTC(), Extra: r.Extra,
		}
		if r.Duration != "" {
			d, err := time.ParseDuration(r.Duration)
			if err != nil {
				t.Fatal(err)
			}
			e.Created = e.Time.Add(-d)
			// the record rounds both ends
			line = strings.Replace(line, r.Created, e.Created.Format("2006-01-02 15:04:05.000"), 1)
		}
		if d := cmp.Diff(line, string(e.Append(nil))); d != "" {
			t.Error(d)
		}
	}
}

func TestRecordedBinary(t *testing.T) {
	b := read(t, "eventslog_format1.bin")
	records := 0
	for len(b) > 0 {
		e, n, err := decode(b)
		if err != nil {
			t.Fatal(err)
		}
		got := e.Append(nil, eventlog.Binary)
		if d := cmp.Diff(b[8:n], got[8:]); d != "" {
			t.Error(d)
		}
		if length := binary.LittleEndian.Uint64(got); length != uint64(n-8) {
			t.Errorf("length: got %d, want %d", length, n-8)
		}
		// upstream counts a byte too many for statements that are not prepared
		if wrong := binary.LittleEndian.Uint64(b) - uint64(n-8); wrong != 0 && (wrong != 1 || e.Kind != eventlog.Query) {
			t.Errorf("recorded length is off by %d", wrong)
		}
		b = b[n:]
		records++
	}
	if records != 13 {
		t.Errorf("%d records, want 13", records)
	}
}

var errShort = errors.New("record ends early")

// decode reads a record by its values, as upstream's own reader does.
func decode(b []byte) (e *eventlog.Event, n int, err error) {
	r := reader{b: b}
	r.take(8)
	e = &eventlog.Event{Hostgroup: -1}
	if kind := r.take(1); len(kind) == 1 {
		e.Kind = eventlog.Kind(kind[0])
	}
	e.ThreadID = r.number()
	e.Username, e.Schemaname, e.Client = r.text(), r.text(), r.text()
	if hostgroup := r.number(); hostgroup != 1<<64-1 {
		e.Hostgroup, e.Server = int(hostgroup), r.text()
	}
	e.Start, e.End = time.UnixMicro(int64(r.number())), time.UnixMicro(int64(r.number()))
	if e.Kind != eventlog.Query {
		e.StatementID = uint32(r.number())
	}
	e.AffectedRows, e.LastInsertID, e.RowsSent, e.Digest = r.number(), r.number(), r.number(), r.number()
	e.Query = []byte(r.text())
	if r.bad {
		return nil, 0, errShort
	}
	return e, len(b) - len(r.b), nil
}

type reader struct {
	b   []byte
	bad bool
}

func (r *reader) take(n uint64) []byte {
	if n > uint64(len(r.b)) {
		r.bad, r.b = true, nil
		return nil
	}
	out := r.b[:n]
	r.b = r.b[n:]
	return out
}

func (r *reader) number() uint64 {
	first := r.take(1)
	if r.bad {
		return 0
	}
	size := map[byte]uint64{0xfc: 2, 0xfd: 3, 0xfe: 8}[first[0]]
	if size == 0 {
		return uint64(first[0])
	}
	var whole [8]byte
	copy(whole[:], r.take(size))
	return binary.LittleEndian.Uint64(whole[:])
}

func (r *reader) text() string { return string(r.take(r.number())) }

// Every text makes a JSON object that reads back as it was, and a binary record of the stated length.
func FuzzRecords(f *testing.F) {
	f.Add([]byte("select 'ä\x00\x7f\n\"\\'"), "user", uint64(1<<40))
	f.Add([]byte{0xff, 0xfe, '<', '>'}, "\x1f", uint64(250))
	f.Fuzz(func(t *testing.T, query []byte, user string, n uint64) {
		e := eventlog.Event{Username: user, Hostgroup: 3, Server: "s:1", Query: query, RowsSent: n, Start: time.UnixMicro(1), End: time.UnixMicro(2)}
		var back struct{ Query, Username string }
		text := e.Append(nil, eventlog.JSON)
		if err := json.Unmarshal(text, &back); err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		if want := strings.ToValidUTF8(string(query), "\ufffd"); string(bytes.ToValidUTF8(query, nil)) == string(query) && back.Query != want {
			t.Errorf("query: got %q, want %q", back.Query, want)
		}
		if bytes.Count(text, []byte("\n")) != 1 {
			t.Errorf("more than a line: %q", text)
		}
		b := e.Append(nil, eventlog.Binary)
		got, size, err := decode(b)
		if err != nil || size != len(b) || uint64(size-8) != binary.LittleEndian.Uint64(b) {
			t.Fatalf("binary: %d of %d bytes, %v", size, len(b), err)
		}
		if string(got.Query) != string(query) || got.Username != user || got.RowsSent != n {
			t.Errorf("binary: got %+v", got)
		}
	})
}

// A statement of a hostgroup that the proxy answered from what it knows has no server.
func TestNoServer(t *testing.T) {
	e := eventlog.Event{Kind: eventlog.Prepare, Hostgroup: 1, Query: []byte("SELECT ?")}
	if got := string(e.Append(nil, eventlog.JSON)); strings.Contains(got, `"server"`) {
		t.Errorf("a server without a name: %s", got)
	}
}
