package admin_test

import (
	"database/sql"
	"testing"

	_ "github.com/go-sql-driver/mysql"
	"github.com/google/go-cmp/cmp"
)

// Go's usual MySQL driver works, quotes included, where it puts arguments into the text itself.
func TestGoDriver(t *testing.T) {
	n := start(t, setup{memory: true})
	db, err := sql.Open("mysql", "admin:admin@tcp("+n.address()+")/main?interpolateParams=true&maxAllowedPacket=0")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	r, err := db.Exec("INSERT INTO mysql_users(username, comment) VALUES(?, ?)", "it's", `a\b`)
	if err != nil {
		t.Fatal(err)
	}
	var got [2]string
	if err := db.QueryRow("SELECT username, comment FROM mysql_users WHERE username=?", "it's").Scan(&got[0], &got[1]); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([2]string{"it's", `a\b`}, got); diff != "" {
		t.Error(diff)
	}
	if affected, err := r.RowsAffected(); affected != 1 || err != nil {
		t.Errorf("affected %d, %v", affected, err)
	}
}
