package admin_test

import (
	"bufio"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/keepsql/keepsql/conf"
	"github.com/keepsql/keepsql/engine/admin"
	"github.com/keepsql/keepsql/engine/wire"
)

// recorded is one statement of testdata/admin.jsonl and what ProxySQL answered.
type recorded struct {
	N         int
	Statement string
	Response  response
}

// response is an answer in the form of the recording.
type response struct {
	Type     string `json:"type"`
	Columns  []any  `json:"columns,omitempty"` // a name, or everything where it is not the usual text column
	Rows     [][]*string
	EOF1     eof    `json:"eof1"`
	EOF      eof    `json:"eof"`
	RowCount int    `json:"row_count,omitempty"`
	Partial  bool   `json:"rows_truncated,omitempty"`
	Affected uint64 `json:"affected_rows"`
	InsertID uint64 `json:"last_insert_id"`
	Status   uint16 `json:"status"`
	Warnings uint16 `json:"warnings"`
	Info     string `json:"info"`
	Code     uint16 `json:"code"`
	State    string `json:"sqlstate"`
	Message  string `json:"message"`
}

type eof struct {
	Warnings uint16 `json:"warnings"`
	Status   uint16 `json:"status"`
}

func readLines[T any](t *testing.T, name string, replace ...string) []T {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var all []T
	in := bufio.NewScanner(f)
	in.Buffer(nil, 16<<20)
	for in.Scan() {
		var one T
		if err := json.Unmarshal([]byte(strings.NewReplacer(replace...).Replace(in.Text())), &one); err != nil {
			t.Fatal(err)
		}
		all = append(all, one)
	}
	if err := in.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

// ask sends a statement and reads the answer packet by packet, since the client would hide the EOF packets' status.
func ask(t *testing.T, c *wire.Client, sql string) response {
	t.Helper()
	conn, caps := c.Conn(), c.Server().Capabilities
	if err := conn.WriteCommand(wire.ComQuery, sql); err != nil {
		return response{Type: "closed"}
	}
	p, err := conn.ReadPacket()
	if err != nil {
		return response{Type: "closed"}
	}
	switch p[0] {
	case 0xff:
		var e wire.Error
		if err := e.Decode(p); err != nil {
			t.Fatal(err)
		}
		return response{Type: "err", Code: e.Code, State: e.State, Message: e.Message}
	case 0:
		var ok wire.OK
		if err := ok.Decode(p, caps); err != nil {
			t.Fatal(err)
		}
		return response{Type: "ok", Affected: ok.AffectedRows, InsertID: ok.LastInsertID, Status: ok.Status, Warnings: ok.Warnings, Info: ok.Info}
	}
	return readResultset(t, conn, int(p[0]))
}

func readResultset(t *testing.T, conn *wire.Conn, columns int) response {
	r := response{Type: "resultset", Rows: [][]*string{}}
	for range columns {
		var col wire.Column
		if err := col.Decode(packet(t, conn)); err != nil {
			t.Fatal(err)
		}
		r.Columns = append(r.Columns, describe(col))
	}
	r.EOF1 = decodeEOF(t, packet(t, conn))
	for {
		p := packet(t, conn)
		if p[0] == 0xfe && len(p) < 9 {
			r.EOF = decodeEOF(t, p)
			return r
		}
		values, err := wire.DecodeRow(nil, p, columns)
		if err != nil {
			t.Fatal(err)
		}
		row := make([]*string, columns)
		for i, v := range values {
			if !v.Null {
				row[i] = &values[i].Text
			}
		}
		r.Rows = append(r.Rows, row)
	}
}

func packet(t *testing.T, conn *wire.Conn) []byte {
	t.Helper()
	p, err := conn.ReadPacket()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func decodeEOF(t *testing.T, p []byte) eof {
	t.Helper()
	var e wire.EOF
	if err := e.Decode(p); err != nil {
		t.Fatal(err)
	}
	return eof{Warnings: e.Warnings, Status: e.Status}
}

// describe gives a column as the recording does.
func describe(c wire.Column) any {
	if c == wire.TextColumn(c.Name) {
		return c.Name
	}
	types := map[byte]string{wire.TypeLonglong: "LONGLONG", wire.TypeVarString: "VAR_STRING"}
	return map[string]any{
		"name": c.Name, "type": cmp.Or(types[c.Type], fmt.Sprint(c.Type)), "charset": float64(c.Charset), "length": float64(c.Length),
		"flags": float64(c.Flags), "decimals": float64(c.Decimals), "schema": c.Schema, "table": c.Table,
		"org_table": c.OrgTable, "org_name": c.OrgName, "catalog": "def",
	}
}

// answers is a proxy that can be paused and stopped, as far as the admin interface sees it.
type answers struct {
	paused, stopped bool
	restarted       atomic.Bool
}

func (a *answers) Shutdown(bool)  {}
func (a *answers) Restart() error { a.restarted.Store(true); return nil }
func (a *answers) Stop() error    { a.stopped = true; return nil }
func (a *answers) Start() error {
	if !a.stopped {
		return admin.ErrStarted
	}
	a.stopped = false
	return nil
}
func (a *answers) Pause() error {
	if a.stopped {
		return admin.ErrPauseStopped
	}
	if a.paused {
		return admin.ErrPaused
	}
	a.paused = true
	return nil
}
func (a *answers) Resume() error {
	if a.stopped {
		return admin.ErrResumeStopped
	}
	if !a.paused {
		return admin.ErrNotPaused
	}
	a.paused = false
	return nil
}
func (a *answers) Flush(admin.Flushable) error { return nil }
func (a *answers) ReloadTLS() error            { return nil }
func (a *answers) KillConnection(uint64) bool  { return false }

// upstreamFile is the config file the recorded instance was started with.
func upstreamFile() *conf.File {
	f := variables("admin-admin_credentials", "admin:admin", "admin-mysql_ifaces", "127.0.0.1:24062", "mysql-interfaces", "127.0.0.1:24063", "mysql-threads", "2")
	f.Tables = map[string]*conf.Section{"mysql_users": tableRow("mysql_users", map[string]string{"username": "cnfuser", "password": "cnfpw", "default_schema": ""})}
	return f
}

// TestRecordedStatements replays every statement that was recorded on a fresh ProxySQL, in order. Answers that differ must be
// listed with their reason in testdata/admin_differences.tsv, and those listed must differ.
func TestRecordedStatements(t *testing.T) {
	n := start(t, setup{file: upstreamFile(), options: func(o *admin.Options) { o.Control = &answers{} }})
	listed := readDifferences(t)
	equal := 0
	c := n.admin()
	for _, rec := range readLines[recorded](t, "testdata/admin.jsonl", "/tmp/datadir", n.dir) {
		got := ask(t, c.Client, rec.Statement)
		if got.Type == "closed" {
			c = n.admin()
		}
		want := rec.Response
		if want.Partial { // the recording has the first rows only
			if len(got.Rows) == want.RowCount {
				got.Rows, got.RowCount, got.Partial = got.Rows[:len(want.Rows)], want.RowCount, true
			}
		}
		want.RowCount = max(want.RowCount, got.RowCount)
		diff := gocmp.Diff(want, got)
		reason, isListed := listed[rec.N]
		switch {
		case diff == "":
			equal++
			if isListed {
				t.Errorf("%d %q is listed to differ (%s) but is equal: take it out of the list", rec.N, rec.Statement, reason)
			}
		case !isListed:
			t.Errorf("%d %q (-upstream +ours):\n%s", rec.N, rec.Statement, diff)
		}
	}
	t.Logf("%d answers are equal, %d are listed to differ", equal, len(listed))
}

// readDifferences reads the list: number, statement, reason.
func readDifferences(t *testing.T) map[int]string {
	t.Helper()
	text, err := os.ReadFile("testdata/admin_differences.tsv")
	if err != nil {
		t.Fatal(err)
	}
	listed := map[int]string{}
	for i, line := range slices.Collect(strings.Lines(string(text))) {
		fields := strings.Split(strings.TrimSpace(line), "\t")
		var n int
		if _, err := fmt.Sscan(fields[0], &n); i > 0 && (err != nil || len(fields) != 3) {
			t.Fatal(errors.Join(fmt.Errorf("line %d: want number, statement, reason", i+1), err))
		}
		if i > 0 {
			listed[n] = fields[2]
		}
	}
	return listed
}

// scenario is one line of testdata/checksums.jsonl.
type scenario struct {
	Name      string
	Setup     []string
	Checksums map[string]string
	Versions  map[string]uint64
	Global    string `json:"global_checksum"`
}

// TestRecordedChecksums runs every scenario recorded on ProxySQL through the admin interface of a fresh node.
func TestRecordedChecksums(t *testing.T) {
	for _, sc := range readLines[scenario](t, "testdata/checksums.jsonl") {
		t.Run(sc.Name, func(t *testing.T) {
			n := start(t, setup{memory: true})
			c := n.admin()
			for _, sql := range sc.Setup {
				c.do(sql)
			}
			got := scenario{Name: sc.Name, Setup: sc.Setup, Checksums: map[string]string{}, Versions: map[string]uint64{}}
			for _, row := range c.do("SELECT name, version, checksum FROM runtime_checksums_values").Rows {
				var version uint64
				if _, err := fmt.Sscan(row[1].Text, &version); err != nil {
					t.Fatal(err)
				}
				got.Versions[row[0].Text], got.Checksums[row[0].Text] = version, row[2].Text
			}
			got.Global = c.do("SELECT GLOBAL_CHECKSUM()").Rows[0][0].Text
			if diff := gocmp.Diff(sc, got); diff != "" {
				t.Errorf("(-upstream +ours):\n%s", diff)
			}
		})
	}
}
