package vrrpconf_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/keepsql/keepsql/conf/vrrpconf"
	"github.com/keepsql/keepsql/confparse"
)

var rewrite = flag.Bool("rewrite", false, "write testdata/*.want anew from what Build gives")

func build(name, text string) (*vrrpconf.Config, confparse.Diagnostics) {
	tree, diags := confparse.Parse(confparse.MapLoader{name: []byte(text)}, name)
	cfg, more := vrrpconf.Build(tree)
	return cfg, append(diags, more...)
}

// TestBuild reads every testdata/*.conf and compares the diagnostics and the effective values
// with the .want file beside it.
func TestBuild(t *testing.T) {
	files, err := filepath.Glob("testdata/*.conf")
	if err != nil || len(files) == 0 {
		t.Fatal("no cases", err)
	}
	for _, file := range files {
		base := filepath.Base(file)
		t.Run(strings.TrimSuffix(base, ".conf"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			cfg, diags := build(base, string(text))
			got := diags.String() + summary(cfg)
			want := strings.TrimSuffix(file, ".conf") + ".want"
			if *rewrite {
				if err := os.WriteFile(want, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			expected, err := os.ReadFile(want)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(expected), got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// summary writes what an operator would ask about.
func summary(c *vrrpconf.Config) string {
	var b strings.Builder
	for _, s := range c.Scripts {
		fmt.Fprintf(&b, "script %s: %q as %q every %v timeout %v weight %d reverse %v rise %d fall %d init_fail %v\n", s.Name,
			s.Command.Argv, s.Command.User, s.Interval, s.Timeout, s.Weight, s.Reverse, s.Rise, s.Fall, s.InitFail)
	}
	if s := c.Static; len(s.Addresses)+len(s.Routes)+len(s.Rules) > 0 {
		fmt.Fprintf(&b, "static %+v\n", s)
	}
	for _, i := range c.Instances {
		fmt.Fprintf(&b, "instance %s: %s vrid %d v%d priority %d master %v owner %v advert %v down %d auth %d %q\n", i.Name, i.Interface,
			i.VRID, i.Version, i.Priority, i.StartMaster, i.Owner(), i.AdvertInt, i.DownTimerAdverts, i.Auth.Type, i.Auth.Pass)
		fmt.Fprintf(&b, "  nopreempt %v delay %v garp %v skip_check %v engine %v\n", i.NoPreempt, i.PreemptDelay, i.GARP, i.SkipCheckAdvAddr, i.TrackEngine)
		for _, v := range i.VIPs {
			fmt.Fprintf(&b, "  vip %v\n", v)
		}
		for _, v := range i.Excluded {
			fmt.Fprintf(&b, "  excluded %v\n", v)
		}
		for _, r := range i.Routes {
			fmt.Fprintf(&b, "  route %+v\n", r)
		}
		for _, r := range i.Rules {
			fmt.Fprintf(&b, "  rule %+v\n", r)
		}
		if len(i.TrackGroups) > 0 {
			fmt.Fprintf(&b, "  track groups %v\n", i.TrackGroups)
		}
		fmt.Fprintf(&b, "  scripts %v interfaces %v\n", i.Scripts, i.Interfaces)
		if len(i.PeerTTL) > 0 {
			fmt.Fprintf(&b, "  peers' TTL %v\n", i.PeerTTL)
		}
		fmt.Fprintf(&b, "  from %v to %v peers %v ttl %d check %v\n", i.Source, i.Group, i.Peers, i.UnicastTTL, i.CheckPeers)
		for what, n := range map[string]*vrrpconf.Command{"master": i.Notify.Master} {
			if n != nil {
				fmt.Fprintf(&b, "  notify_%s {%q %q}\n", what, n.Argv, n.User)
			}
		}
		if n := i.Notify; n.Stop != nil && n.Any != nil {
			fmt.Fprintf(&b, "  notify_stop {%q %q} notify {%q %q}\n", n.Stop.Argv, n.Stop.User, n.Any.Argv, n.Any.User)
		}
		if i.Skip != "" {
			fmt.Fprintf(&b, "  left alone: %s\n", i.Skip)
		}
	}
	for _, g := range c.Groups {
		fmt.Fprintf(&b, "group %s: %v\n", g.Name, g.Members)
	}
	return b.String()
}

func TestEqual(t *testing.T) {
	seed, err := os.ReadFile("testdata/seed-node1.conf")
	if err != nil {
		t.Fatal(err)
	}
	a, _ := build("a", string(seed))
	for name, c := range map[string]struct {
		old, new         string
		instance, script bool // equal
	}{
		"same":        {"", "", true, true},
		"moved":       {"vrrp_script", "\n# moved\nvrrp_script", true, true},
		"priority":    {"priority 100", "priority 101", false, true},
		"address":     {"10.99.0.20/24", "10.99.0.21/24", false, true},
		"password":    {"1234", "12345", false, true},
		"interval":    {"interval 2", "interval 3", true, false},
		"weight":      {"weight -20", "weight -30", false, false},
		"engine":      {"priority 100", "priority 100\n track_engine off", false, true},
		"notify":      {"priority 100", "priority 100\n notify /bin/true", false, true},
		"same script": {`"/etc/keepalived/check_service.sh"`, "/etc/keepalived/check_service.sh", true, true},
	} {
		b, diags := build("b", strings.Replace(string(seed), c.old, c.new, 1))
		if diags.HasErrors() {
			t.Fatal(name, diags)
		}
		if got := a.Instance("VI_1").Equal(b.Instance("VI_1")); got != c.instance {
			t.Errorf("%s: instances equal: %v", name, got)
		}
		if got := a.Script("chk_service").Equal(b.Script("chk_service")); got != c.script {
			t.Errorf("%s: scripts equal: %v", name, got)
		}
	}
}

func TestKnown(t *testing.T) {
	for name, want := range map[string]bool{"vrrp_instance": true, "virtual_server": true, "mysql_servers": false} {
		if got := vrrpconf.Known(name); got != want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// FuzzBuild: no text makes Build panic, and an instance without errors can be run.
func FuzzBuild(f *testing.F) {
	files, _ := filepath.Glob("testdata/*.conf")
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	f.Fuzz(func(t *testing.T, text string) {
		cfg, diags := build("f", text)
		if diags.HasErrors() {
			return
		}
		for _, i := range cfg.Instances {
			if i.VRID == 0 || i.Priority == 0 || i.Interface == "" || i.AdvertInt <= 0 || i.Version != 2 && i.Version != 3 {
				t.Errorf("unusable instance %+v", i)
			}
		}
		for _, s := range cfg.Scripts {
			if len(s.Command.Argv) == 0 || s.Interval <= 0 || s.Timeout <= 0 {
				t.Errorf("unusable script %+v", s)
			}
		}
	})
}

// TestEveryKeywordIsKnown: no keyword of keepalived's manual is taken for a mistake.
func TestEveryKeywordIsKnown(t *testing.T) {
	list, err := os.ReadFile("testdata/keywords.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(strings.TrimSpace(string(list)), "\n") {
		block, word, _ := strings.Cut(line, " ")
		if block == "#" {
			continue
		}
		text := word + " 1 {\n}\n"
		switch block {
		case "-":
		case "global_defs":
			text = "global_defs {\n" + text + "}\n"
		default:
			text = block + " NAME {\n" + text + "}\n"
		}
		_, diags := build("k", text)
		if strings.Contains(diags.String(), "unknown keyword") {
			t.Errorf("%s: %s", line, diags)
		}
	}
}
