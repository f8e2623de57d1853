package proxy_test

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"

	"github.com/keepsql/keepsql/engine/wire"
)

// upload registers a reader as file for the driver and loads it into table t.
func upload(t *testing.T, n *node, name string, file io.Reader, edit ...func(*mysql.Config)) (int64, error) {
	t.Helper()
	mysql.RegisterReaderHandler(name, func() io.Reader { return file })
	t.Cleanup(func() { mysql.DeregisterReaderHandler(name) })
	r, err := n.open(1, edit...).Exec("LOAD DATA LOCAL INFILE 'Reader::" + name + "' INTO TABLE t (v)")
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

// TestLoadDataLocal has the client's file reach the server, with and without compression on either side.
func TestLoadDataLocal(t *testing.T) {
	n := start(t, "enable_load_data_local_infile=true", "")
	db := n.open(1)
	for _, size := range []int{0, 1, 100000} {
		for name, edit := range map[string][]func(*mysql.Config){"plain": nil, "compressed": {compressedDriver}} {
			for _, compression := range []string{"0", "1"} {
				n.admin("mysql_servers", "UPDATE mysql_servers SET compression="+compression)
				exec(t, db, "DELETE FROM t")
				got, err := upload(t, n, "rows", strings.NewReader(strings.Repeat("some text\n", size)), edit...)
				if err != nil || got != int64(size) {
					t.Errorf("%s, server %s: %d rows of %d, %v", name, compression, got, size, err)
				}
				if rows := one(t, db, "SELECT COUNT(*) FROM t WHERE v='some text'"); rows != itoa(size) {
					t.Errorf("%s, server %s: %s rows in the table, want %d", name, compression, rows, size)
				}
			}
		}
	}
	exec(t, db, "DELETE FROM t")
	// what goes wrong is said, and the session goes on
	if _, err := db.Exec("LOAD DATA LOCAL INFILE 'Reader::rows' INTO TABLE nosuch"); codeOf(err) != 1146 {
		t.Errorf("into no table: %v", err)
	}
	if _, err := upload(t, n, "broken", io.MultiReader(strings.NewReader("x\n"), broken{})); err == nil {
		t.Error("a file that cannot be read was loaded")
	}
	exec(t, db, "DELETE FROM t", "SELECT 1")
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errors.New("cannot be read") }

// TestLoadDataLocalIsAsked follows the packets: also behind another statement, and never for a client that offers no files.
func TestLoadDataLocalIsAsked(t *testing.T) {
	n := start(t, "enable_load_data_local_infile=true", "")
	const load = "LOAD DATA LOCAL INFILE '/any/name' INTO TABLE t (v)"
	several := wire.CapMultiStatements | wire.CapMultiResults
	c := n.dial(wire.CapLocalFiles | several)
	for _, q := range []string{load, "DO 1; " + load + "; DO 1", "DO 1; /* x */ LOAD  DATA LOCAL INFILE '/any/name' INTO TABLE t (v); DO 1"} {
		if err := c.WriteCommand(wire.ComQuery, q); err != nil {
			t.Fatal(err)
		}
		var p []byte
		var err error
		for p == nil || p[0] == 0 {
			if p, err = c.ReadPacket(); err != nil {
				t.Fatal(q, err)
			}
		}
		if string(p) != "\xfb/any/name" {
			t.Fatalf("%s: want a request for the file, got %q", q, p)
		}
		seq := c.Seq()
		if err := errors.Join(c.WritePacket([]byte("a\nb\n")), c.WritePacket([]byte("c\n")), c.WritePacket(nil), c.Flush()); err != nil {
			t.Fatal(err)
		}
		raw, err := c.ReadRaw()
		var ok wire.OK
		if err != nil || ok.Decode(raw.Payload(), 0) != nil || ok.AffectedRows != 3 || raw.Seq() != seq+3 {
			t.Fatalf("%s: %q, %v", q, raw, err)
		}
		for ok.Status&wire.StatusMoreResults != 0 {
			if p, err = c.ReadPacket(); err != nil || ok.Decode(p, 0) != nil {
				t.Fatalf("%s: %q, %v", q, p, err)
			}
		}
		if got := ask(t, c, wire.ComPing, "", 0); got[0][0] != 0 {
			t.Errorf("after %s: %q", q, got)
		}
	}
	without := n.dial(several)
	for _, q := range []string{load, "DO 1; " + load} {
		got := ask(t, without, wire.ComQuery, q, 0)
		if e := asError(t, got[len(got)-1]); e.Code != 4166 && e.Code != 1148 {
			t.Errorf("%s by a client without files: %v", q, e)
		}
	}
	// a session that vanishes while it is asked leaves nothing behind
	if err := c.WriteCommand(wire.ComQuery, load); err != nil {
		t.Fatal(err)
	}
	if _, err := c.ReadPacket(); err != nil {
		t.Fatal(err)
	}
	c.Kill()
	waitFor(t, "the connection to be closed", func() bool { return n.table("stats_mysql_connection_pool")[0]["ConnUsed"] == "0" })
}

// TestLoadDataLocalOff is upstream's default: no file is asked for, however the statement is spelled.
func TestLoadDataLocalOff(t *testing.T) {
	n := start(t, "", "")
	c := n.dial(wire.CapLocalFiles | wire.CapMultiStatements | wire.CapMultiResults)
	for q, code := range map[string]uint16{
		"LOAD DATA LOCAL INFILE '/etc/passwd' INTO TABLE t":            1047,
		"LOAD  DATA /* */ LOCAL\nINFILE '/etc/passwd' INTO TABLE t":    1047,
		"DO 1; LOAD DATA LOCAL INFILE '/etc/passwd' INTO TABLE t":      4166,
		"/*!50000 LOAD DATA LOCAL INFILE '/etc/passwd' INTO TABLE t*/": 4166,
	} {
		got := ask(t, c, wire.ComQuery, q, 0)
		if e := asError(t, got[len(got)-1]); e.Code != code && e.Code != 1047 && e.Code != 1148 {
			t.Errorf("%s: %v", q, e)
		}
	}
}
