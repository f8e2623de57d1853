package proxy

import (
	"strings"
	"testing"

	"github.com/keepsql/keepsql/engine/digest"
	"github.com/keepsql/keepsql/engine/prepared"
	"github.com/keepsql/keepsql/engine/rule"
	"github.com/keepsql/keepsql/engine/wire"
)

func TestTraits(t *testing.T) {
	for text, want := range map[string]trait{
		"SELECT * FROM t WHERE id=?":                0,
		"SELECT * FROM t FOR UPDATE":                traitLocking,
		"select * from t for share skip locked":     traitLocking,
		"SELECT * FROM t LOCK IN SHARE MODE":        traitLocking,
		"SELECT a INTO @x FROM t":                   traitInto | traitUserVariable,
		"INSERT INTO t VALUES (?)":                  traitInto,
		"SELECT GET_LOCK(?,?)":                      traitGetLock,
		"SELECT my_get_lock(?)":                     0,
		"SELECT RELEASE_ALL_LOCKS()":                traitReleaseLocks,
		"SELECT SQL_CALC_FOUND_ROWS * FROM t":       traitFoundRows,
		"SELECT last_insert_id() + ?":               traitInsertID,
		"SELECT @@version":                          0,
		"SELECT @a":                                 traitUserVariable,
		"SELECT @`a b`":                             traitUserVariable,
		"SELECT @?":                                 traitUserVariable,
		"CREATE USER app@localhost IDENTIFIED BY ?": 0,
		"GRANT ALL ON *.* TO ?@?":                   0,
		"GRANT ALL ON *.* TO `a`@`b`":               0,
		"SELECT ?; SELECT ?":                        traitSeveral,
		"SELECT waitfor update":                     0,
	} {
		if got := traitsOf([]byte(text)); got != want {
			t.Errorf("%s: %b, want %b", text, got, want)
		}
	}
}

func TestUseName(t *testing.T) {
	for sql, want := range map[string]string{
		"USE shop": "shop", "use `shop`;": "shop", "USE `a``b`": "a`b", "USE`shop`": "shop",
		"/* c */ use /* d */ shop -- ": "", "/* c */ USE /* d */ shop": "shop", " \tUSE\n shop ; ": "shop", "USE": "", "USE a b": "", "USE `a": "",
	} {
		got, ok := useName([]byte(sql))
		if ok != (want != "") || ok && got != want {
			t.Errorf("%q: %q, %v", sql, got, ok)
		}
	}
}

func TestSticky(t *testing.T) {
	var d digest.Digester
	o := digest.DefaultOptions()
	for _, c := range []struct {
		sql  string
		from sticky
		trx  bool
		want sticky
	}{
		{"SELECT 1", 0, false, 0},
		{"CREATE TEMPORARY TABLE t (a INT)", 0, false, stickyTemporary},
		{"create or replace temporary table t (a int)", 0, false, stickyTemporary},
		{"SELECT 1; CREATE TEMPORARY TABLE t (a INT)", 0, false, stickyTemporary},
		{"LOCK TABLES t WRITE", 0, false, stickyLockTables},
		{"FLUSH TABLES t WITH READ LOCK", 0, false, stickyLockTables},
		{"FLUSH TABLES", 0, false, 0},
		{"BACKUP STAGE START", 0, false, stickyLockTables},
		{"EXECUTE IMMEDIATE 'SELECT 1'", 0, false, stickyPrepared},
		{"SELECT GET_LOCK('a', 1)", 0, false, stickyGetLock},
		{"SELECT RELEASE_ALL_LOCKS()", stickyGetLock, false, 0},
		{"PREPARE s FROM 'SELECT 1'", 0, false, stickyPrepared},
		{"SAVEPOINT a", 0, true, stickySavepoint},
		{"COMMIT", stickySavepoint, false, 0},
		{"SELECT SQL_CALC_FOUND_ROWS a FROM t", 0, false, stickyFoundRows},
		{"SELECT FOUND_ROWS()", stickyFoundRows, false, 0},
		{"HANDLER t OPEN", 0, false, stickyHandler},
		{"XA START 'a'", 0, false, stickyXA},
		{"XA COMMIT 'a'", stickyXA, false, 0},
		{"SELECT @a := 1", 0, false, stickyUserVariable},
	} {
		st := statement{digester: d, multiplex: rule.Unset}
		st.parse([]byte(c.sql), &o)
		if got := c.from.after(&st, false, c.trx, false); got != c.want {
			t.Errorf("%s: %v, want %v", c.sql, got.names(), c.want.names())
		}
	}
}

func FuzzStatement(f *testing.F) {
	for _, q := range []string{"USE `a`", "SELECT @a, @@b; USE c", "/* x */ SELECT GET_LOCK('a') FOR UPDATE", "LOAD DATA LOCAL INFILE 'x' INTO TABLE t"} {
		f.Add([]byte(q))
	}
	o := digest.DefaultOptions()
	f.Fuzz(func(t *testing.T, q []byte) {
		st := statement{multiplex: rule.Unset}
		st.parse(q, &o)
		sticky(0).after(&st, false, false, false)
		if name, ok := useName(q); ok && (name == "" || !strings.Contains(strings.ReplaceAll(string(q), "``", "`"), name)) {
			t.Errorf("%q uses %q", q, name)
		}
		s := &session{}
		s.stateChanged(q)
		cs := clientOf(len(q) % 7)
		cs.types = make([]byte, 2*(len(q)%7))
		if cs.check(wire.ComStmtExecute, q) == nil {
			(&statement{payload: q, client: cs}).withTypes(&prepared.Instance{})
		}
	})
}
