package proxy_test

import (
	"errors"
	"testing"

	"github.com/go-sql-driver/mysql"
)

func TestQueryAndRules(t *testing.T) {
	n := start(t, "", readWriteSplit)
	db := n.open(1)
	if got := one(t, db, "SELECT name FROM who"); got != "reader" {
		t.Errorf("SELECT went to %s", got)
	}
	if got := one(t, db, "SELECT name FROM who FOR UPDATE"); got != "writer" {
		t.Errorf("SELECT FOR UPDATE went to %s", got)
	}
	if got := one(t, db, "SELECT /* hostgroup=10 */ name FROM who"); got != "writer" {
		t.Errorf("SELECT with a hint went to %s", got)
	}
	_, err := db.Exec("SELEC 1")
	var me *mysql.MySQLError
	if !errors.As(err, &me) || me.Number != 1064 {
		t.Errorf("want the server's 1064, got %v", err)
	}
	exec(t, db, "DELETE FROM t", "INSERT INTO t (v) VALUES ('a'), ('b')", "UPDATE t SET v='c' WHERE v='b'")
	if got := one(t, db, "SELECT COUNT(*) FROM t FOR UPDATE"); got != "2" {
		t.Errorf("rows: %s", got)
	}
}
