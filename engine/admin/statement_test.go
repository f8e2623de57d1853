package admin

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFind(t *testing.T) {
	r := newRegistry()
	f := func(text string, who class, want, wantArg string) {
		t.Helper()
		cmd, c, _ := r.find(text, who)
		if diff := cmp.Diff([2]string{want, wantArg}, [2]string{cmd.text, c.arg}); diff != "" {
			t.Errorf("%q: %s", text, diff)
		}
	}
	f("LOAD MYSQL USERS TO RUN", adminClass, "LOAD MYSQL USERS TO RUN", "")
	f("\n load\tmysql   users\nto run ;; ", adminClass, "LOAD MYSQL USERS TO RUN", "")
	f("/* from a tool */ -- and\n LOAD MYSQL USERS TO RUN", adminClass, "LOAD MYSQL USERS TO RUN", "")
	f("LOAD MYSQL USERS TO RUN", statsClass, "", "")
	f("LOAD MYSQL USERS TO RUN; SELECT 1", adminClass, "", "")
	f("/*!40101 SET NAMES utf8 */", statsClass, "/*!", "40101 SET NAMES utf8 */")
	f("set   mysql-x = 'a  b' ", adminClass, "SET ", "mysql-x = 'a b'")
	f("SET NAMES utf8", adminClass, "SET NAMES ", "utf8")
	f("LOCK TABLES x READ", adminClass, "LOCK TABLES ", "x READ")
	f("lock tables x read", adminClass, "", "")
	f("show tables from ſtats", adminClass, "SHOW TABLES FROM ", "ſtats")
	f("SELECT @@version", adminClass, "SELECT @@VERSION", "")
	f("SELECT @@x "+strings.Repeat("y", commandLimit), adminClass, "", "")
	f("", adminClass, "", "")
	f(";", adminClass, "", "")
	f("-- only a comment", adminClass, "", "")
}

func TestFirstStatement(t *testing.T) {
	f := func(text, want string) {
		t.Helper()
		if diff := cmp.Diff(want, firstStatement(text)); diff != "" {
			t.Errorf("%q: %s", text, diff)
		}
	}
	f("x=1", "x=1")
	f("x=1; SELECT 1", "x=1")
	f("x=1 -- why", "x=1 ")
	f("x=/* a;b */1 /* open", "x=1 ")
	f("x='a;--''/*'", "x='a;--''/*'")
	f(`x="a;" "b`, `x="a;" "b`)
	f("x='", "x='")
}

// FuzzFind looks for texts that end the process, or that a command takes for what they are not.
func FuzzFind(f *testing.F) {
	for _, seed := range []string{
		";", "", "SELECT 1", "LOAD MYSQL USERS TO RUNTIME;;", "/* c */ -- d\nSET mysql-x='a;b' -- c", "/*", "/*!", "--", "SET ", "SHOW TABLES FROM x LIKE 'y'",
		"select @@version_comment limit 1", "PROXY_SELECT x", "KILL CONNECTION 99", "SET x=\"", "ß ſet names",
	} {
		f.Add(seed)
	}
	r := newRegistry()
	f.Fuzz(func(t *testing.T, text string) {
		cmd, c, found := r.find(text, adminClass)
		if found && len(c.norm) != len(c.upper) {
			t.Errorf("offsets of %q and %q differ", c.norm, c.upper)
		}
		if found && !strings.EqualFold(c.norm[:len(cmd.text)], cmd.text) {
			t.Errorf("%q was taken for %q", text, cmd.text)
		}
		if _, c2, again := r.find(c.text, adminClass); again != found || c2.norm != c.norm || c2.arg != c.arg {
			t.Errorf("%q: trimmed text is taken for something else", text)
		}
		first := firstStatement(text)
		if firstStatement(first) != first && !strings.ContainsAny(first, "-/") {
			t.Errorf("first statement of %q changes when it is looked for again", text)
		}
		for range words(text) {
		}
	})
}
