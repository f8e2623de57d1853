package dump_test

import (
	"encoding/json"
	"net/netip"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keepsql/keepsql/conf/vrrpconf"
	"github.com/keepsql/keepsql/confparse"
	"github.com/keepsql/keepsql/vrrp/advert"
	"github.com/keepsql/keepsql/vrrp/dump"
)

// recorded is a part of what keepalived 2.2.7 was recorded to write.
func recorded(t *testing.T, title string) string {
	t.Helper()
	b, err := os.ReadFile("testdata/keepalived.txt")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(b), "--- "+title+"\n")
	if !ok {
		t.Fatalf("no part %q", title)
	}
	part, _, _ := strings.Cut(rest, "\n\n")
	return part + "\n"
}

// picture is the situation that was recorded.
func picture(t *testing.T) *dump.Picture {
	t.Helper()
	text := strings.TrimSuffix(recorded(t, "A configuration"), "\n")
	tree, diags := confparse.Parse(confparse.MapLoader{"k": []byte(text)}, "k")
	cfg, more := vrrpconf.Build(tree)
	if diags = append(diags, more...); diags.HasErrors() {
		t.Fatal(diags)
	}
	i := dump.Instance{
		Conf: cfg.Instances[0], State: 2, Want: 2, Priority: 100, Total: 100, Claimed: true,
		Changed: time.Unix(1795235191, 834630e3), Deadline: time.Unix(1795235194, 834767e3),
		Source: netip.MustParseAddr("10.99.6.1"), MasterInt: time.Second, MasterDown: 3609375 * time.Microsecond,
	}
	i.Counters[advert.Sent], i.Counters[advert.BecameMaster] = 4, 1
	return &dump.Picture{Host: "vm", Config: cfg, Instances: []dump.Instance{i}}
}

func TestStatsAreKeepaliveds(t *testing.T) {
	if diff := cmp.Diff(recorded(t, "keepalived.stats"), string(picture(t).Stats())); diff != "" {
		t.Errorf("(-keepalived +ours):\n%s", diff)
	}
}

// TestDataIsKeepaliveds: every line about the instance is as recorded, in the same order, but
// for file descriptors.
func TestDataIsKeepaliveds(t *testing.T) {
	topology := func(s string) []string {
		_, s, _ = strings.Cut(s, "------< VRRP Topology >------\n")
		s, _, _ = strings.Cut(s, "------<")
		s = regexp.MustCompile(`(?m)^   fd_in .*\n`).ReplaceAllString(s, "")
		return strings.Split(regexp.MustCompile(` \(\w{3} \w{3} .*\)`).ReplaceAllString(s, ""), "\n") // the time zone is the host's
	}
	if diff := cmp.Diff(topology(recorded(t, "keepalived.data")), topology(string(picture(t).Data()))); diff != "" {
		t.Errorf("(-keepalived +ours):\n%s", diff)
	}
	var unknown []string
	theirs := recorded(t, "keepalived.data")
	global, _, _ := strings.Cut(string(picture(t).Data()), "------< VRRP Topology")
	for _, l := range strings.Split(strings.TrimSpace(global), "\n") {
		if !strings.Contains(theirs, l+"\n") {
			unknown = append(unknown, l)
		}
	}
	if diff := cmp.Diff([]string(nil), unknown); diff != "" {
		t.Errorf("global lines that keepalived does not write:\n%s", diff)
	}
}

// TestJSON reads the dump as an exporter does.
func TestJSON(t *testing.T) {
	var got []struct {
		Data struct {
			Name       string  `json:"iname"`
			Interface  string  `json:"ifp_ifname"`
			State      int     `json:"state"`
			Want       int     `json:"wantstate"`
			GARPDelay  int     `json:"garp_delay"`
			VRID       int     `json:"vrid"`
			Transition float64 `json:"last_transition"`
			VIPs       []string
			AuthData   string `json:"auth_data"`
		} `json:"data"`
		Stats map[string]int `json:"stats"`
	}
	if err := json.Unmarshal(picture(t).JSON(), &got); err != nil {
		t.Fatal(err)
	}
	if len(got) != 1 {
		t.Fatalf("%d instances", len(got))
	}
	d := got[0].Data
	if d.Name != "VI_1" || d.Interface != "eth0" || d.State != 2 || d.Want != 2 || d.GARPDelay != 5 || d.VRID != 51 ||
		d.Transition != 1795235191.83463 || d.AuthData != "1234" || !cmp.Equal(d.VIPs, []string{"10.99.6.20/24 dev eth0 scope global set"}) {
		t.Errorf("%+v", d)
	}
	if s := got[0].Stats; len(s) != 14 || s["advert_sent"] != 4 || s["become_master"] != 1 {
		t.Errorf("%v", s)
	}
}
