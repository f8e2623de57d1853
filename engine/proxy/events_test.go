package proxy_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"
	"github.com/google/go-cmp/cmp"
)

// records reads the JSON lines of all files of a log, and takes from each what is asked for.
func records(t *testing.T, base string, keys ...string) []string {
	t.Helper()
	names, err := filepath.Glob(base + ".*")
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(b)) {
			var r map[string]any
			if err := json.Unmarshal([]byte(line), &r); err != nil {
				t.Fatalf("%s: %v", line, err)
			}
			var values []string
			for _, k := range keys {
				if v, ok := r[k]; ok {
					values = append(values, fmt.Sprint(v))
				} else {
					values = append(values, "-")
				}
			}
			out = append(out, strings.Join(values, " "))
		}
	}
	return out
}

func TestEventsLog(t *testing.T) {
	base := filepath.Join(t.TempDir(), "events")
	n := start(t, fmt.Sprintf("eventslog_filename=%q\n eventslog_format=2\n eventslog_default_log=1\n", base), `mysql_query_rules: (
	{ rule_id=1, active=1, match_digest="^SELECT . IS", destination_hostgroup=20, log=0, apply=1 },
	{ rule_id=2, active=1, match_digest="refused", error_msg="not here", apply=1 } )`)
	db := n.open(1)
	exec(t, db, "CREATE TEMPORARY TABLE tt (a INT AUTO_INCREMENT PRIMARY KEY, b VARCHAR(9))", "INSERT INTO tt (b) VALUES ('x'), ('y')")
	one(t, db, "SELECT 1 IS NULL")
	column(t, db, "SELECT b FROM tt")
	exec(t, db, "SET sql_mode=''", "USE e")
	db.Exec("SELEC bad")
	db.Exec("SELECT refused")
	n.flushLogs() // sessions are in order with themselves only
	one(t, n.open(1, func(c *mysql.Config) { c.InterpolateParams = false }), "SELECT ? + 1", 5)
	n.flushLogs()
	server := fmt.Sprintf("127.0.0.1:%d", writer.Port)
	want := []string{
		"COM_QUERY 10 " + server + " d 0 0 - CREATE TEMPORARY TABLE tt (a INT AUTO_INCREMENT PRIMARY KEY, b VARCHAR(9))",
		"COM_QUERY 10 " + server + " d 2 0 1 INSERT INTO tt (b) VALUES ('x'), ('y')",
		"COM_QUERY 10 " + server + " d - 2 - SELECT b FROM tt",
		"COM_QUERY -1 - d 0 0 - SET sql_mode=''",
		"COM_QUERY -1 - e 0 0 - USE e",
		"COM_QUERY 10 " + server + " e - 0 - SELEC bad",
		"COM_QUERY -1 - e - 0 - SELECT refused",
		"COM_STMT_PREPARE 10 " + server + " d - 0 - SELECT ? + 1",
		"COM_STMT_EXECUTE 10 " + server + " d - 1 - SELECT ? + 1",
	}
	got := records(t, base, "event", "hostgroup_id", "server", "schemaname", "rows_affected", "rows_sent", "last_insert_id", "query")
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	for _, r := range records(t, base, "client", "username", "thread_id", "digest") {
		if !regexp.MustCompile(`^localhost app [0-9]+ 0x[0-9A-F]{16}$`).MatchString(r) {
			t.Errorf("record %q", r)
		}
	}
	ids := records(t, base, "client_stmt_id")
	if d := cmp.Diff([]string{"1", "1"}, ids[len(ids)-2:]); d != "" {
		t.Error(d)
	}

	// the default is off, and a rule says yes
	n.admin("mysql_variables", "UPDATE global_variables SET variable_value=0 WHERE variable_name='mysql-eventslog_default_log'")
	n.admin("mysql_query_rules", "UPDATE mysql_query_rules SET log=1 WHERE rule_id=1")
	one(t, db, "SELECT 2 IS NULL")
	one(t, db, "SELECT 3")
	n.flushLogs()
	if got := records(t, base, "query")[len(want):]; !cmp.Equal([]string{"SELECT 2 IS NULL"}, got) {
		t.Errorf("with a rule: %q", got)
	}
	if names, _ := filepath.Glob(base + ".*"); len(names) != 4 {
		t.Errorf("files after three flushes: %v", names)
	}
}

func TestAuditLog(t *testing.T) {
	base := filepath.Join(t.TempDir(), "audit")
	n := start(t, fmt.Sprintf("auditlog_filename=%q\n", base), "")
	c := n.dial(0)
	ask(t, c, 2, "e", 0) // COM_INIT_DB
	ask(t, c, 3, "USE d", 0)
	if err := c.WriteCommand(1, ""); err != nil { // COM_QUIT
		t.Fatal(err)
	}
	waitFor(t, "the end of the session", func() bool {
		n.flushLogs()
		return len(records(t, base, "event")) == 5
	})
	lost := n.dial(0)
	lost.Kill()
	db := n.open(1, func(c *mysql.Config) { c.Passwd = "wrong" })
	if db.Ping() == nil {
		t.Error("logged in with a wrong password")
	}
	var got []string
	waitFor(t, "all events", func() bool {
		n.flushLogs()
		got = records(t, base, "event", "username", "schemaname", "ssl", "extra_info")
		return len(got) >= 9
	})
	want := []string{
		"MySQL_Client_Connect_OK app d false -", "MySQL_Client_Init_DB app e false -", "MySQL_Client_Init_DB app d false -",
		"MySQL_Client_Quit app d false -", "MySQL_Client_Close app d false -",
	}
	if d := cmp.Diff(want, got[:5]); d != "" {
		t.Error(d)
	}
	for _, part := range []string{
		"MySQL_Client_Close app d false connection lost",
		"MySQL_Client_Connect_ERR app  false ProxySQL Error: Access denied for user 'app'@'localhost' (using password: YES)",
	} {
		if !strings.Contains(strings.Join(got[5:], "\n"), part) {
			t.Errorf("no %q in %q", part, got[5:])
		}
	}
	for _, r := range records(t, base, "event", "creation_time", "duration") {
		if closed := strings.HasPrefix(r, "MySQL_Client_Close"); closed == strings.HasSuffix(r, "- -") {
			t.Errorf("record %q", r)
		}
	}
}
