package proxy

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/keepsql/keepsql/engine/digest"
	"github.com/keepsql/keepsql/engine/rule"
)

// Each line is a list of statements of one session, and the reasons that are left to keep its connection. An exclamation
// mark stands before statements that fail.
func TestHeld(t *testing.T) {
	o := digest.DefaultOptions()
	for list, want := range map[string]string{
		"CREATE TEMPORARY TABLE a (x INT)|DROP TEMPORARY TABLE a":                                            "",
		"CREATE TEMPORARY TABLE a (x INT)|DROP TABLE a":                                                      "",
		"CREATE TEMPORARY TABLE IF NOT EXISTS `a b` (x INT)|/* x */ DROP TABLE IF EXISTS c, s.`a b` CASCADE": "",
		"CREATE TEMPORARY TABLE a (x INT)|DROP TABLE other.a":                                                "temporary_table",
		"CREATE OR REPLACE TEMPORARY TABLE other.a (x INT)|DROP TABLE other . a":                             "",
		"CREATE TEMPORARY TABLE a (x INT)|CREATE TEMPORARY TABLE b SELECT 1|DROP TEMPORARY TABLE b":          "temporary_table",
		"CREATE TEMPORARY TABLE a (x INT)|CREATE TEMPORARY TABLE b LIKE a|drop temporary table b,a":          "",
		"CREATE TEMPORARY TABLE a (x INT)|!DROP TABLE a":                                                     "temporary_table",
		"!CREATE TEMPORARY TABLE a (x INT)":                                                                  "",
		"CREATE TEMPORARY TABLE a (x INT)|ALTER TABLE a RENAME b|DROP TABLE a":                               "temporary_table",
		"CREATE TEMPORARY TABLE a (x INT)|SELECT 1; DROP TABLE a":                                            "temporary_table",
		"CREATE TEMPORARY SEQUENCE a|DROP SEQUENCE a":                                                        "temporary_table",
		"PREPARE p FROM 'SELECT 1'|EXECUTE p|DEALLOCATE PREPARE p":                                           "",
		"PREPARE p FROM 'SELECT 1'|PREPARE q FROM 'SELECT 2'|DROP PREPARE P":                                 "prepared_statement",
		"PREPARE p FROM 'CREATE TEMPORARY TABLE a (x INT)'|EXECUTE p|DEALLOCATE PREPARE p":                   "prepared_statement",
		"PREPARE p FROM 'SELECT GET_LOCK(1,1)'|EXECUTE p|DEALLOCATE PREPARE p":                               "prepared_statement",
		"PREPARE p FROM CONCAT('SELECT ', 1)|DEALLOCATE PREPARE p":                                           "prepared_statement",
		"EXECUTE IMMEDIATE 'INSERT INTO t VALUES (1)'":                                                       "",
		"EXECUTE IMMEDIATE 'CREATE TEMPORARY TABLE a (x INT)'":                                               "prepared_statement",
		"HANDLER t OPEN|HANDLER t READ FIRST|HANDLER t CLOSE":                                                "",
		"HANDLER t OPEN AS h|HANDLER u OPEN|HANDLER h CLOSE":                                                 "handler",
		"HANDLER s.t OPEN|HANDLER t CLOSE":                                                                   "",
		"LOCK TABLES a READ|UNLOCK TABLES":                                                                   "",
		"LOCK TABLES a READ|LOCK TABLES b WRITE|START TRANSACTION":                                           "",
		"LOCK TABLES a READ|BEGIN NOT ATOMIC SELECT 1; END":                                                  "lock_tables",
		"FLUSH TABLES WITH READ LOCK|BEGIN|COMMIT":                                                           "lock_tables",
		"FLUSH TABLES a WITH READ LOCK|UNLOCK TABLES":                                                        "",
		"BACKUP STAGE START|BACKUP STAGE FLUSH|UNLOCK TABLES":                                                "lock_tables",
		"BACKUP STAGE START|BACKUP STAGE END":                                                                "",
		"LOCK TABLES a READ|BACKUP LOCK b|BACKUP UNLOCK":                                                     "lock_tables",
		"SELECT GET_LOCK('a', 1)|SELECT RELEASE_ALL_LOCKS()":                                                 "",
		"SELECT GET_LOCK('a', 1)|DROP TEMPORARY TABLE IF EXISTS x":                                           "get_lock",
		"SELECT @a := 1|CREATE TEMPORARY TABLE a (x INT)|DROP TABLE a":                                       "user_variable",
		strings.Repeat("CREATE TEMPORARY TABLE "+strings.Repeat("n", 300)+" (x INT)|", 1) + "DROP TABLE a":   "temporary_table",
	} {
		var b backend
		for _, q := range strings.Split(list, "|") {
			sql, failed := strings.CutPrefix(q, "!")
			st := statement{multiplex: rule.Unset}
			st.parse([]byte(sql), &o)
			b.flags = b.flags.after(&st, false, false, failed)
			b.hold(&st, "s", failed)
		}
		if got := strings.Join(b.flags.names(), " "); got != want {
			t.Errorf("%s: %q, want %q", list, got, want)
		}
	}
}

func TestHeldLocks(t *testing.T) {
	o := digest.DefaultOptions()
	for sql, want := range map[string]heldNames{
		"SELECT GET_LOCK('a', 1)":                    {list: []string{"a"}},
		"DO get_lock ( \"a b\" ,1), GET_LOCK('b',0)": {list: []string{"a b", "b"}},
		"SELECT GET_LOCK('it''s', 1)":                {unknown: true},
		`SELECT GET_LOCK('a\'', 1)`:                  {unknown: true},
		"SELECT GET_LOCK(CONCAT('a'), 1)":            {unknown: true},
		"SELECT GET_LOCK('a":                         {unknown: true},
		"SELECT GET_LOCK(name, 1) FROM t":            {unknown: true},
		"SELECT GET_LOCK(?, 1)":                      {unknown: true},
	} {
		st := statement{multiplex: rule.Unset}
		st.parse([]byte(sql), &o)
		var h held
		h.holdLocks(&st)
		if diff := cmp.Diff(want, h.locks, cmp.AllowUnexported(heldNames{})); diff != "" {
			t.Errorf("%s: %s", sql, diff)
		}
	}
	cs := clientOf(2)
	cs.shared.Text = []byte("SELECT GET_LOCK(?, ?)")
	p := "\x17\x01\x00\x00\x00\x00\x01\x00\x00\x00" + "\x00" + "\x01" + "\xfd\x00\x08\x00" + "\x03abc" + "\x01\x00\x00\x00\x00\x00\x00\x00"
	if e := cs.check(23, []byte(p)); e != nil {
		t.Fatal(e)
	}
	var h held
	h.holdLocks(&statement{command: 23, client: cs, sql: cs.shared.Text, payload: []byte(p)})
	if len(h.locks.list) != 1 || h.locks.list[0] != "abc" {
		t.Errorf("parameter: %v", h.locks)
	}
}

func FuzzHeld(f *testing.F) {
	f.Add([]byte("CREATE TEMPORARY TABLE `a``b` (x INT)|DROP TABLE a.`b"))
	f.Add([]byte("HANDLER t OPEN AS|PREPARE p FROM '|SELECT GET_LOCK('"))
	o := digest.DefaultOptions()
	f.Fuzz(func(t *testing.T, list []byte) {
		var b backend
		for _, q := range strings.Split(string(list), "|") {
			st := statement{multiplex: rule.Unset}
			st.parse([]byte(q), &o)
			b.flags = b.flags.after(&st, false, false, false)
			b.hold(&st, "s", false)
		}
		if b.held != nil && len(b.held.tables.list) > maxHeld {
			t.Error("grows without bound")
		}
	})
}
