package verdict_test

import (
	"strings"
	"testing"
	"time"

	"github.com/keepsql/keepsql/engine/monitor/verdict"
)

// cluster reads KIND/WRITER/BACKUP/READER/OFFLINE[/name=N], of aurora KIND/WRITER/READER.
func cluster(t *testing.T, f []string) verdict.Cluster {
	c := verdict.Cluster{Writer: number(t, f[1]), MaxWriters: 1}
	rest := f[3:]
	if f[0] == "aurora" {
		c.Kind, c.Reader = verdict.AuroraCluster, number(t, f[2])
		c.Aurora = verdict.AuroraRules{Port: 3306, Domain: ".rds", MaxLag: time.Second, AddLag: 30 * time.Millisecond, MinLag: 50 * time.Millisecond, Checks: 2, NewReaderWeight: 7}
	} else {
		c.Kind = map[string]verdict.Kind{"galera": verdict.GaleraCluster, "group": verdict.GroupReplication}[f[0]]
		c.Backup, c.Reader, c.Offline, rest = number(t, f[2]), number(t, f[3]), number(t, f[4]), f[5:]
	}
	for _, o := range rest {
		switch name, value, _ := strings.Cut(o, "="); name {
		case "max":
			c.MaxWriters = number(t, value)
		case "reads":
			c.WriterReads = number(t, value)
		case "behind":
			c.MaxBehind = number(t, value)
		default:
			t.Fatalf("unknown option %q", o)
		}
	}
	return c
}

var galeraStates = map[string]verdict.GaleraState{
	"synced":     {Primary: true, LocalState: 4},
	"readonly":   {Primary: true, LocalState: 4, ReadOnly: true},
	"nonprimary": {LocalState: 0},
	"desync":     {Primary: true, LocalState: 2, Desync: true},
	"donor":      {Primary: true, LocalState: 2},
	"rejecting":  {Primary: true, LocalState: 2, DonorRejects: true},
	"willreject": {Primary: true, LocalState: 4, DonorRejects: true},
	"rejects":    {Primary: true, LocalState: 4, Rejects: true},
	"joined":     {Primary: true, LocalState: 3},
	"maint":      {Primary: true, LocalState: 4, MaintMode: true, MaintModeName: "MAINTENANCE"},
	"stranger":   {},
}

func clusterEvent(t *testing.T, words []string, a verdict.Addr) verdict.Event {
	option := map[string]string{}
	for _, w := range words[3:] {
		name, value, _ := strings.Cut(w, "=")
		option[name] = value
	}
	failure, gone := failures[words[2]], words[2] == "gone"
	if gone {
		failure = verdict.Timeout
	}
	switch words[0] {
	case "galera":
		e := verdict.Galera{Addr: a, Failure: failure, Gone: gone}
		if words[2] == "unready" {
			e.Failure, e.Reason = verdict.Answered, "WSREP has not yet prepared node for application use"
		} else if e.Failure == verdict.None {
			state, ok := galeraStates[words[2]]
			if !ok {
				t.Fatalf("unknown state %q", words[2])
			}
			e.GaleraState = state
		}
		if n := option["queue"]; n != "" {
			e.Queue = number(t, n)
		}
		return e
	case "group":
		e := verdict.Group{Addr: a, Failure: failure, Gone: gone}
		e.Viable, e.ReadOnly, e.Self = words[2] != "out", words[2] == "secondary", a
		if n := option["behind"]; n != "" {
			e.Behind = number(t, n)
		}
		if name := option["self"]; name != "" {
			e.Self.Host = name
		}
		for name := range strings.SplitSeq(option["members"], ",") {
			if name != "" {
				e.Members = append(e.Members, verdict.Addr{Host: name, Port: 3306})
			}
		}
		return e
	case "aurora":
		e := verdict.Aurora{Addr: a, Writer: 10, Failure: failure}
		for _, w := range words[2:] {
			name, value, _ := strings.Cut(w, "=")
			if failure != verdict.None || name == "at" {
				continue
			}
			h := verdict.AuroraHost{ID: strings.TrimPrefix(name, "*"), Writes: strings.HasPrefix(name, "*"), Updated: option["at"]}
			if value != "" {
				h.Lag = time.Duration(number(t, value)) * time.Millisecond
			}
			e.Hosts = append(e.Hosts, h)
		}
		return e
	}
	return nil
}
