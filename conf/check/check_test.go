package check_test

import (
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/keepsql/keepsql/conf/check"
)

// The statuses that scripts act on.
func TestStatus(t *testing.T) {
	t.Chdir(t.TempDir())
	for name, text := range map[string]string{
		"good": `mysql_users=({username="u"})`, "warns": `mysql_user=()`, "bad": `mysql_users=({password="p"})`, "broken": `mysql_users=(`,
		"vip": "vrrp_instance V {\n interface none0\n virtual_router_id 1\n virtual_ipaddress {\n 10.0.0.1\n }\n}\n",
	} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cases := []struct {
		name string
		o    check.Options
		want int
	}{
		{"clean", check.Options{Config: []string{"good"}, Strict: true}, 0},
		{"warnings", check.Options{Config: []string{"warns"}}, 0},
		{"warnings that count", check.Options{Config: []string{"good"}, Files: []string{"warns"}, Strict: true}, 2},
		{"errors", check.Options{Files: []string{"bad"}, Strict: true}, 1},
		{"syntax errors", check.Options{Files: []string{"broken"}}, 1},
		{"a peer with errors", check.Options{Files: []string{"good"}, Peer: []string{"bad"}}, 1},
		{"no file", check.Options{}, 1},
		{"an interface that is not there", check.Options{Files: []string{"vip"}, Keepalived: true}, 5},
		{"a file that is not there", check.Options{Files: []string{"nowhere"}, Keepalived: true}, 4},
		{"nothing to say", check.Options{Files: []string{os.DevNull}, Keepalived: true}, 0},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var out, errs strings.Builder
			c.o.Format = "text"
			_, err := c.o.Run(&out, &errs)
			got := 0
			var f *check.Failure
			if errors.As(err, &f) {
				got = f.ExitCode()
			} else if err != nil {
				t.Fatal(err)
			}
			if got != c.want {
				t.Errorf("status %d, want %d: %v\n%s", got, c.want, err, errs.String())
			}
		})
	}
}

// JSON is one array, whatever was found, and nothing else.
func TestJSON(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.WriteFile("a.cnf", []byte("mysql_user=()"), 0o600); err != nil {
		t.Fatal(err)
	}
	var out, errs strings.Builder
	if _, err := (check.Options{Files: []string{"a.cnf"}, Format: "json"}).Run(&out, &errs); err != nil || errs.Len() > 0 {
		t.Fatal(err, errs.String())
	}
	var got any
	if err := json.Unmarshal([]byte(out.String()), &got); err != nil {
		t.Fatal(err)
	}
	want := []any{map[string]any{
		"file": "a.cnf", "line": 1.0, "col": 1.0, "severity": "warning", "code": "unknown-section",
		"message": `unknown section or setting "mysql_user" is ignored`, "hint": `did you mean "mysql_users"?`, "source": "mysql_user=()",
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
