package firewall_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/keepsql/keepsql/engine/firewall"
)

func compile(t testing.TB) *firewall.Set {
	t.Helper()
	s, errs := firewall.Compile([]firewall.UserRow{
		{"app", "", "PROTECTING"}, {"app", "10.0.0.9", "OFF"}, {"test", "", "DETECTING"}, {"dba", "", "OFF"},
	}, []firewall.RuleRow{
		{"app", "", "shop", 0, "0x1C46AE529DD5A40E"}, {"app", "10.0.0.2", "shop", 5, "0x2"}, {"new", "", "shop", 0, "0x7"},
		{"app", "", "shop", 0, "rubbish"},
	}, []string{"Eoknk"})
	if len(errs) != 1 {
		t.Errorf("errors: %v", errs)
	}
	return s
}

func TestJudge(t *testing.T) {
	s := compile(t)
	const listed = 0x1C46AE529DD5A40E
	for _, test := range []struct {
		user, client, schema string
		flag                 int
		digest               uint64
		want                 firewall.Verdict
	}{
		{"app", "10.0.0.1", "shop", 0, listed, firewall.Pass},
		{"app", "10.0.0.1", "shop", 0, 1, firewall.Block},
		{"app", "10.0.0.1", "other", 0, listed, firewall.Block},
		{"app", "10.0.0.1", "shop", 1, listed, firewall.Block},
		{"app", "10.0.0.9", "shop", 0, 1, firewall.Pass}, // off for that address
		{"app", "10.0.0.2", "shop", 5, 2, firewall.Pass}, // for that address only
		{"app", "10.0.0.3", "shop", 5, 2, firewall.Block},
		{"test", "10.0.0.1", "shop", 0, 1, firewall.Detect},
		{"dba", "10.0.0.1", "shop", 0, 1, firewall.Pass},
		{"nobody", "10.0.0.1", "shop", 0, 1, firewall.Unknown}, // without a row users are protected
		{"new", "10.0.0.1", "shop", 0, 7, firewall.Pass},
	} {
		if got := s.Judge(test.user, test.client, test.schema, test.flag, test.digest); got != test.want {
			t.Errorf("%+v: got %v", test, got)
		}
	}
	if n := testing.AllocsPerRun(100, func() { s.Judge("app", "10.0.0.1", "shop", 0, listed) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// The verdicts over the statements that were recorded with ProxySQL.
func TestInjection(t *testing.T) {
	got := map[string]bool{}
	for _, text := range []string{"select 1", "select * from t1 where a='' or 1=1 -- ", "1' or '1'='1"} {
		_, got[text] = firewall.Injection(text)
	}
	want := map[string]bool{"select 1": false, "select * from t1 where a='' or 1=1 -- ": true, "1' or '1'='1": true}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	s := compile(t)
	if fingerprint, _ := firewall.Injection("select * from t1 where a='' or 1=1 -- "); !s.Harmless(fingerprint) || s.Harmless("s&sos") {
		t.Errorf("white list: fingerprint %s", fingerprint)
	}
}

func BenchmarkJudge(b *testing.B) {
	s := compile(b)
	b.ReportAllocs()
	for b.Loop() {
		s.Judge("app", "10.0.0.1", "shop", 0, 0x1C46AE529DD5A40E)
	}
}
