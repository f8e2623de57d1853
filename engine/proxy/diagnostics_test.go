package proxy_test

import (
	"bufio"
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"
	"github.com/google/go-cmp/cmp"
)

// logged empties the log and returns its messages that match a pattern, without numbers of connections, and how many lines it
// says were left out.
func (n *node) logged(t *testing.T, pattern string) (messages []string, leftOut int) {
	t.Helper()
	want := regexp.MustCompile(pattern)
	number := regexp.MustCompile(`,\d+,\d+\)`)
	for in := bufio.NewScanner(strings.NewReader(n.log.Take())); in.Scan(); {
		var line struct {
			Message string
			LeftOut int `json:"left_out"`
		}
		if err := json.Unmarshal(in.Bytes(), &line); err != nil {
			t.Fatalf("%s: %v", in.Text(), err)
		}
		leftOut += line.LeftOut
		if want.MatchString(line.Message) {
			messages = append(messages, number.ReplaceAllString(line.Message, ",PORT,ID)"))
		}
	}
	return messages, leftOut
}

// TestServersComplaints: what servers say of statements is in the log, in upstream's words.
func TestServersComplaints(t *testing.T) {
	const said = "^(Error during query|MySQL Warning)"
	n := start(t, "", "")
	db := n.open(1, func(c *mysql.Config) { c.MultiStatements = true })
	failing := func(q string) {
		t.Helper()
		if _, err := db.Exec(q); err == nil {
			t.Fatalf("%s did not fail", q)
		}
	}
	expect := func(what string, want ...string) {
		t.Helper()
		n.settle()
		if got, _ := n.logged(t, said); !cmp.Equal(want, got) {
			t.Errorf("%s (-want +got):\n%s", what, cmp.Diff(want, got))
		}
	}
	const raises = "SELECT CAST('12x' AS INT), CAST('y' AS INT)"
	exec(t, db, raises)
	expect("neither is wanted")
	failing("SELECT * FROM nothing")
	expect("an error", "Error during query on (10,127.0.0.1,PORT,ID): 1146, Table 'd.nothing' doesn't exist")

	n.admin("mysql_variables", "UPDATE global_variables SET variable_value='true' WHERE variable_name='mysql-log_mysql_warnings_enabled'")
	exec(t, db, raises, "SELECT 1", "SHOW WARNINGS")
	warnings := []string{
		"MySQL Warning. Level: [Warning], Code: [1292], Message: [Truncated incorrect INTEGER value: '12x']",
		"MySQL Warning. Level: [Warning], Code: [1292], Message: [Truncated incorrect INTEGER value: 'y']",
	}
	expect("warnings", warnings...)
	exec(t, db, "SELECT SQL_CALC_FOUND_ROWS CAST('x' AS INT) FROM (SELECT 1 UNION SELECT 2) AS two LIMIT 1")
	if got := one(t, db, "SELECT FOUND_ROWS()"); got != "2" {
		t.Errorf("FOUND_ROWS() is %s behind a statement with warnings", got)
	}
	expect("nobody was asked where that does harm")
	exec(t, db, raises)
	if got := one(t, db, "SELECT @@warning_count"); got != "2" {
		t.Errorf("@@warning_count is %s", got)
	}
	expect("the session can still ask", warnings...)

	n.admin("mysql_variables", "UPDATE global_variables SET variable_value='true' WHERE variable_name='mysql-verbose_query_error'")
	exec(t, db, "SELECT CAST('x' AS INT)")
	expect("with circumstances", "MySQL Warning. Level: [Warning], Code: [1292], Message: [Truncated incorrect INTEGER value: 'x'], "+
		`during query on (10,127.0.0.1,PORT,ID) , user "app@localhost" , schema "d" . digest_text = "SELECT CAST(? AS INT)"`)
	failing("SELECT * FROM nothing WHERE id=7")
	expect("with circumstances", `Error during query on (10,127.0.0.1,PORT,ID) , user "app@localhost" , schema "d" , 1146, `+
		`Table 'd.nothing' doesn't exist . digest_text = "SELECT * FROM nothing WHERE id=?"`)
}

// TestManyComplaints: a flood of errors does not become a flood of lines, and the log says so.
func TestManyComplaints(t *testing.T) {
	n := start(t, "", "")
	db := n.open(1)
	const each = 400
	lines, missing := 0, 0
	for round := 0; missing == 0 && round < 100; round++ {
		for range each {
			if _, err := db.Exec("SELECT * FROM nothing"); err == nil {
				t.Fatal("no error")
			}
		}
		n.settle()
		got, left := n.logged(t, "^Error during query")
		lines, missing = lines+len(got), missing+left
	}
	if missing == 0 {
		t.Errorf("%d lines, and none was left out", lines)
	}
}
