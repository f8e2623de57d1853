package proxysqlcli_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/keepsql/keepsql/engine/proxysqlcli"
)

func TestParse(t *testing.T) {
	cases := []struct {
		args string
		want proxysqlcli.Options
		err  string
	}{
		{args: "--idle-threads -c /etc/proxysql.cnf", want: proxysqlcli.Options{Config: "/etc/proxysql.cnf"}},
		{args: "-f --no-version-check --config=/etc/proxysql.cnf -D /d --initial", want: proxysqlcli.Options{Config: "/etc/proxysql.cnf", Datadir: "/d", Foreground: true, Initial: true}},
		{args: "-M -S /tmp/a.sock -U u --reload --sqlite3-server", want: proxysqlcli.Options{Config: "/etc/proxysql.cnf", AdminSocket: "/tmp/a.sock", UUID: "u", Reload: true, SQLiteServer: true, NoMonitor: true}},
		{args: "--no-such-option -n", want: proxysqlcli.Options{Config: "/etc/proxysql.cnf", NoStart: true}},
		{args: "-c /etc/proxysql.cnf --bootstrap db1:3306", want: proxysqlcli.Options{Config: "/etc/proxysql.cnf", Bootstrap: true}},
		{args: "-V", want: proxysqlcli.Options{Version: true}},
		{args: "--usage", want: proxysqlcli.Options{Help: true}},
		{args: "-c /nowhere", err: "unable to open config file /nowhere specified in the command line"},
		{args: "-f -c", err: "option -c needs a value"},
	}
	for _, c := range cases {
		got, err := proxysqlcli.Parse(strings.Fields(c.args), func(name string) bool { return name == "/etc/proxysql.cnf" })
		if err != nil || c.err != "" {
			if err == nil || err.Error() != c.err {
				t.Errorf("%s: error %v, want %q", c.args, err, c.err)
			}
			continue
		}
		if diff := cmp.Diff(&c.want, got); diff != "" {
			t.Errorf("%s: %s", c.args, diff)
		}
	}
	if _, err := proxysqlcli.Parse(nil, func(string) bool { return false }); err == nil {
		t.Error("a start without any config file is not refused")
	}
}
