package proxy_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"
	"github.com/google/go-cmp/cmp"

	"github.com/keepsql/keepsql/engine/wire"
)

// outcome is "ok", or the code and text of an error.
func outcomeOf(err error) string {
	if e, ok := err.(*mysql.MySQLError); ok {
		return fmt.Sprintf("%d %s", e.Number, e.Message)
	}
	if err != nil {
		return "closed"
	}
	return "ok"
}

func TestFirewall(t *testing.T) {
	n := start(t, "firewall_whitelist_enabled=true\n", `mysql_firewall_whitelist_users: ( { active=1, username="app", client_address="", mode="PROTECTING", comment="" } )`)
	db := n.open(1)
	blocked := "1148 Firewall blocked this query"
	results := func() (out []string) {
		for _, q := range []string{"SELECT 1", "BEGIN", "SET NAMES utf8", "USE d", "SET @a = 1", "DO 1"} {
			_, err := db.Exec(q)
			out = append(out, q+": "+outcomeOf(err))
		}
		if err := db.Ping(); err != nil {
			out = append(out, "ping: "+err.Error())
		}
		return out
	}
	want := []string{"SELECT 1: " + blocked, "BEGIN: " + blocked, "SET NAMES utf8: ok", "USE d: ok", "SET @a = 1: " + blocked, "DO 1: " + blocked}
	if d := cmp.Diff(want, results()); d != "" {
		t.Error("protecting:", d)
	}
	if _, err := n.open(1, func(c *mysql.Config) { c.InterpolateParams = false }).Query("SELECT ?", 1); outcomeOf(err) != blocked {
		t.Errorf("prepare: %v", err)
	}

	var digest string
	for _, d := range n.table("stats_mysql_query_digest") {
		if d["digest_text"] == "SELECT ?" && d["schemaname"] == "d" {
			digest = d["digest"]
		}
	}
	n.admin("mysql_firewall", fmt.Sprintf("INSERT INTO mysql_firewall_whitelist_rules VALUES (1, 'app', '', 'd', 0, '%s', '')", digest))
	n.admin("mysql_variables", "UPDATE global_variables SET variable_value='no' WHERE variable_name='mysql-firewall_whitelist_errormsg'")
	want = []string{"SELECT 1: ok", "BEGIN: 1148 no", "SET NAMES utf8: ok", "USE d: ok", "SET @a = 1: 1148 no", "DO 1: 1148 no"}
	if d := cmp.Diff(want, results()); d != "" {
		t.Error("with a rule:", d)
	}

	n.admin("mysql_firewall", "UPDATE mysql_firewall_whitelist_users SET mode='DETECTING'")
	for _, r := range results() {
		if !strings.HasSuffix(r, ": ok") {
			t.Errorf("detecting: %s", r)
		}
	}
	n.admin("mysql_firewall", "DELETE FROM mysql_firewall_whitelist_users")
	if _, err := db.Exec("DO 1"); outcomeOf(err) != "1148 no" {
		t.Errorf("unknown user: %v", err)
	}
	n.admin("mysql_variables", "UPDATE global_variables SET variable_value='false' WHERE variable_name='mysql-firewall_whitelist_enabled'")
	exec(t, db, "DO 1")
}

func TestInjectionEndsTheSession(t *testing.T) {
	n := start(t, "automatic_detect_sqli=true\n", "")
	for q, want := range map[string]string{
		"select 1":                               "answered",
		"select * from t1 where a='' or 1=1 -- ": "closed",
		"1' or '1'='1":                           "closed",
	} {
		c := n.dial(0)
		if err := c.WriteCommand(wire.ComQuery, q); err != nil {
			t.Fatal(err)
		}
		got := "answered"
		if _, err := c.ReadPacket(); err != nil {
			got = "closed"
		}
		if got != want {
			t.Errorf("%s: %s", q, got)
		}
	}
	if got := n.global("automatic_detected_sql_injection"); got != 2 {
		t.Errorf("counted %d", got)
	}
	n.admin("mysql_firewall", "INSERT INTO mysql_firewall_whitelist_sqli_fingerprints VALUES (1, 'Eoknk')")
	exec(t, n.open(1), "CREATE OR REPLACE TABLE t1 (a VARCHAR(9))", "select * from t1 where a='' or 1=1 -- ")
	if got := n.global("whitelisted_sqli_fingerprint"); got != 1 {
		t.Errorf("counted %d on the white list", got)
	}
}
