package iface_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/keepsql/keepsql/conf/iface"
)

func TestParse(t *testing.T) {
	f := func(list, want, wantErr string) {
		t.Helper()
		got, err := iface.Parse(list)
		var text []string
		for _, a := range got {
			text = append(text, a.Network+" "+a.Text)
		}
		if diff := cmp.Diff(want, strings.Join(text, "; ")); diff != "" {
			t.Errorf("Parse(%q): %s", list, diff)
		}
		if gotErr := fmt.Sprint(err); !strings.Contains(gotErr, wantErr) {
			t.Errorf("Parse(%q): error %q, want %q", list, gotErr, wantErr)
		}
	}
	f("0.0.0.0:6032", "tcp4 0.0.0.0:6032", "<nil>")
	f("0.0.0.0:6033;[::]:6033;/tmp/proxysql.sock", "tcp4 0.0.0.0:6033; tcp6 [::]:6033; unix /tmp/proxysql.sock", "<nil>")
	f(" 127.0.0.1:06032 ; ;127.0.0.1:6032;", "tcp4 127.0.0.1:6032", "<nil>")
	f("localhost:1", "tcp localhost:1", "<nil>")
	f("", "", "<nil>")
	f("10.0.0.1;[::1]:1", "tcp6 [::1]:1", `interface "10.0.0.1"`)
	f("1.2.3.4:70000", "", "port \"70000\"")
}
