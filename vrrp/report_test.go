package vrrp_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rs/zerolog"

	"github.com/keepsql/keepsql/conf/vrrpconf"
	"github.com/keepsql/keepsql/vrrp"
)

func mustBuild(t *testing.T, text string) *vrrpconf.Config {
	t.Helper()
	quoted, _ := json.Marshal(text)
	cfg, err := build(string(quoted))
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

// TestReport: what a reload means for an instance can be told without a network.
func TestReport(t *testing.T) {
	base := seed("MASTER", 100, "1234")
	peers := strings.Replace(base, "virtual_ipaddress", "unicast_peer {\n10.99.0.2\n}\nvirtual_ipaddress", 1)
	name := []string{"VI_1"}
	for what, c := range map[string]struct {
		old, new string
		want     vrrp.Report
	}{
		"first":              {"", base, vrrp.Report{Added: name}},
		"last":               {base, "", vrrp.Report{Removed: name}},
		"same":               {base, "# a comment moves all lines\n" + base, vrrp.Report{Unchanged: name}},
		"priority":           {base, seed("MASTER", 101, "1234"), vrrp.Report{Changed: name}},
		"password":           {base, seed("MASTER", 100, "4321"), vrrp.Report{Changed: name}},
		"interface":          {base, strings.Replace(base, "eth0", "eth1", 1), vrrp.Report{Restarted: name}},
		"VRID":               {base, strings.Replace(base, "51", "52", 1), vrrp.Report{Restarted: name}},
		"unicast":            {base, peers, vrrp.Report{Restarted: name}},
		"another peer":       {peers, strings.Replace(peers, "10.99.0.2\n", "10.99.0.3\n", 1), vrrp.Report{Changed: name}},
		"a script of nobody": {base, base + "vrrp_script x {\nscript /bin/true\n}\n", vrrp.Report{Unchanged: name, Scripts: []string{"x"}}},
	} {
		s := vrrp.New(zerolog.Nop(), vrrp.Options{})
		s.Apply(mustBuild(t, c.old))
		if diff := cmp.Diff(c.want, s.Apply(mustBuild(t, c.new))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
	}
}

// TestBeforeRun: nothing waits for a loop that does not run.
func TestBeforeRun(t *testing.T) {
	s := vrrp.New(zerolog.Nop(), vrrp.Options{TrackEngine: true, Timings: vrrp.Timings{Picture: time.Minute}})
	start := time.Now()
	s.SetEngine(true)
	s.Apply(mustBuild(t, seed("BACKUP", 90, "x")))
	if st := s.Status(); len(st) != 0 {
		t.Errorf("status of nothing: %+v", st)
	}
	if d := time.Since(start); d > time.Minute/2 {
		t.Errorf("took %v", d)
	}
}
