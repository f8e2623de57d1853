package cluster_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keepsql/keepsql/engine/admin"
	"github.com/keepsql/keepsql/engine/internal/freeport"
	"github.com/keepsql/keepsql/engine/wire"
)

// peer is a whole node: a stack with the admin interface that answers the others.
type peer struct {
	*stack
	name string // as in the recordings: A, B, …
	port int
}

// freePorts finds ports nobody listens on.
func freePorts(t *testing.T, n int) (ports []int) {
	t.Helper()
	for range n {
		ports = append(ports, freeport.Get(t))
	}
	return ports
}

// startPeer makes a node that listens on port; members and text are what its file says.
func startPeer(t *testing.T, name string, port int, itsVersion string, members []int, variables, text string) *peer {
	t.Helper()
	return serveAdmin(t, prepare(t, nodeUUID(name), itsVersion, timing()), name, port, members, variables, text)
}

// nodeUUID makes an identity of a name.
func nodeUUID(name string) string {
	uuid := strings.Repeat(fmt.Sprintf("%x", name[0]%16), 32)
	return uuid[:8] + "-" + uuid[:4] + "-" + uuid[:4] + "-" + uuid[:4] + "-" + uuid[:12]
}

// serveAdmin boots a stack and lets others ask it.
func serveAdmin(t *testing.T, s *stack, name string, port int, members []int, variables, text string) *peer {
	t.Helper()
	p := &peer{stack: s, name: name, port: port}
	cfg := certificate(t)
	server := admin.New(admin.Options{
		Log: p.logger, Store: p.Store, Layers: p.Layers, Tables: p.cluster.Tables(), Peers: p.cluster,
		TLS: func() *tls.Config { return cfg }, State: s.state,
	})
	p.boot(config(members, variables+fmt.Sprintf(` mysql_ifaces="127.0.0.1:%d";`, port)) + text)
	p.Run(server.Run)
	return p
}

// sql runs statements as the administrator and returns the rows of the last, as list does.
func (p *peer) sql(statements ...string) string {
	p.t.Helper()
	ctx := context.Background()
	cl, err := wire.Open(ctx, "tcp", fmt.Sprintf("127.0.0.1:%d", p.port), &wire.Account{User: "admin", Password: "admin"}, patience)
	if err != nil {
		p.t.Fatal(err)
	}
	defer cl.Close()
	var rows []string
	for _, s := range statements {
		r, err := cl.Query(ctx, s)
		if err != nil {
			p.t.Fatalf("%s: %v", s, err)
		}
		rows = nil
		for _, row := range r.Rows {
			var cells []string
			for _, v := range row {
				cells = append(cells, v.Text)
			}
			rows = append(rows, strings.Join(cells, ","))
		}
	}
	return strings.Join(rows, " ")
}

// checksum is a row of runtime_checksums_values: epoch and checksum.
func (p *peer) checksum(module string) string {
	p.t.Helper()
	return p.sql("SELECT epoch, checksum FROM runtime_checksums_values WHERE name='" + module + "'")
}

// inStep waits until nodes have the same content of modules, taken over from each other.
func inStep(t *testing.T, modules []string, first *peer, others ...*peer) {
	t.Helper()
	for _, m := range modules {
		for _, o := range others {
			eventually(t, m+" of "+first.name+" on "+o.name, func() bool { return o.checksum(m) == first.checksum(m) })
		}
	}
}

// acquainted waits until each node has seen all modules of all members.
func acquainted(t *testing.T, members int, nodes ...*peer) {
	t.Helper()
	for _, n := range nodes {
		eventually(t, "first checks by "+n.name, func() bool {
			return n.log.count("detected a new checksum for proxysql_servers from peer") >= members
		})
	}
}

// pastEpochs waits until the clock is past all epochs of nodes: a LOAD soon after another is stamped ahead of the clock.
func pastEpochs(t *testing.T, nodes ...*peer) {
	t.Helper()
	for _, n := range nodes {
		for name, stamp := range n.Layers.Stamps() {
			eventually(t, "clock past "+name, func() bool { return time.Now().Unix() > stamp.Epoch })
		}
	}
}

var checksums = regexp.MustCompile(`0x[0-9A-F]{16}`)

// clusterLines gives the lines of a log that the cluster wrote about a peer, with members by name and without epochs. Lines
// about no peer in particular are given with every peer.
func clusterLines(lines []string, about string, names *strings.Replacer) (out []string) {
	for _, line := range lines {
		line = epochs.ReplaceAllString(names.Replace(strings.TrimSpace(line)), "${1}E")
		if !strings.Contains(line, "Cluster: ") {
			continue
		}
		if strings.Contains(line, "from peer ") && !strings.Contains(line, "from peer <"+about+">") {
			continue
		}
		out = append(out, line)
	}
	return out
}

// names replaces the addresses of nodes by their names.
func names(nodes ...*peer) *strings.Replacer {
	var pairs []string
	for _, n := range nodes {
		pairs = append(pairs, fmt.Sprintf("127.0.0.1:%d", n.port), "<"+n.name+">")
	}
	return strings.NewReplacer(pairs...)
}

// recordedNames are the addresses of the recordings.
func recordedNames(third string) *strings.Replacer {
	return strings.NewReplacer("127.0.0.1:25011", "<A>", "127.0.0.1:25012", "<B>", "127.0.0.1:25013", "<"+third+">", "localhost:25013", "<"+third+">")
}

// recordedLog gives the lines under a heading of a recording, the n-th of that name.
func recordedLog(t *testing.T, file, heading string, n int) []string {
	t.Helper()
	text, err := os.ReadFile("testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(string(text), "\n-- log of "+heading+"\n")
	if len(parts) <= n {
		t.Fatalf("%s has no %d. log of %s", file, n, heading)
	}
	var out []string
	for _, line := range strings.Split(parts[n], "\n") {
		if !strings.HasPrefix(line, "   [") {
			break
		}
		out = append(out, line)
	}
	return out
}

// compareLog compares what was logged about the cluster with a recording, line by line in any order: the recording's pulls run
// one after the other, and a check of one peer may come between two lines about another.
func (p *peer) compareLog(t *testing.T, seen int, recorded []string, theirs, ours *strings.Replacer) {
	t.Helper()
	all := func(lines []string, r *strings.Replacer) []string {
		var out []string
		for _, line := range lines {
			line = r.Replace(strings.TrimSpace(line))
			// Whether B or S pulls first is chance.
			if chance := strings.Contains(line, "from peer <B> matches") && p.name == "S"; !chance && strings.Contains(line, "Cluster") {
				out = append(out, epochs.ReplaceAllString(line, "${1}E"))
			}
		}
		slices.Sort(out)
		return out
	}
	lines, _ := p.log.since(seen)
	if d := cmp.Diff(all(recorded, theirs), all(lines, ours)); d != "" {
		t.Errorf("log of %s: %s", p.name, d)
	}
}
