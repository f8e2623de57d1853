package mariadbtest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/keepsql/keepsql/engine/internal/freeport"
)

// providers are the places of the Galera library.
var providers = []string{"/usr/lib/galera/libgalera_smm.so", "/usr/lib64/galera-4/libgalera_smm.so", "/usr/lib64/galera/libgalera_smm.so"}

// sstMethod is the name of a state transfer that transfers nothing: the nodes' data directories are copies of one, and what came
// since Galera sends by itself, as an incremental transfer. It takes less than a second, where a transfer by rsync takes ten.
const sstMethod = "copied"

// joinLimit bounds the wait for a node to be synced.
const joinLimit = 90 * time.Second

// Galera is a cluster of nodes on 127.0.0.1.
type Galera struct {
	Nodes []*Server

	dir      string // of the script and of the data directory that all nodes began with
	provider string
	groups   []string // host:port of each node's group communication
	ports    []int    // free ones for what else a node listens on, two for each
}

// StartGalera runs a cluster for the length of the test; sql is run on the first node, before the others join. It skips the test
// where the Galera library is not installed.
func StartGalera(t testing.TB, nodes int, sql ...string) *Galera {
	t.Helper()
	g, err := runGalera(nodes, sql)
	if errors.Is(err, ErrNotInstalled) || errors.Is(err, errNoGalera) {
		t.Skipf("skipped, needs a cluster: %v", err)
	}
	if err != nil {
		t.Fatalf("mariadbtest: %v", err)
	}
	t.Cleanup(g.Close)
	return g
}

var errNoGalera = errors.New("the Galera library is not installed (apt install galera-4)")

func runGalera(nodes int, sql []string) (g *Galera, err error) {
	g = &Galera{}
	for _, p := range providers {
		if _, err := os.Stat(p); err == nil {
			g.provider = p
			break
		}
	}
	if g.provider == "" {
		return nil, errNoGalera
	}
	if g.dir, err = os.MkdirTemp("", "mdbg"); err != nil {
		return nil, fmt.Errorf("make cluster directory: %w", err)
	}
	defer func() {
		if err != nil {
			g.Close()
		}
	}()
	for range nodes {
		var port [3]int
		for i := range port {
			if port[i], err = freeport.Pick(); err != nil {
				return nil, err
			}
		}
		g.groups = append(g.groups, fmt.Sprintf("127.0.0.1:%d", port[0]))
		g.ports = append(g.ports, port[1:]...)
	}
	for i := range nodes {
		o := Opts{Before: []string{"env", "PATH=" + g.dir + ":" + os.Getenv("PATH")}, Args: g.args(i)}
		if i == 0 {
			o.Args = append(o.Args, alone...)
		}
		if err := g.add(i, o, sql); err != nil {
			return nil, err
		}
	}
	return g, nil
}

// alone are the options of a node that begins a cluster.
var alone = []string{"--wsrep-cluster-address=gcomm://", "--wsrep-new-cluster"}

// add starts node i. The first one runs sql and is stopped once more, for its data directory to be copied.
func (g *Galera) add(i int, o Opts, sql []string) error {
	s := &Server{}
	mariadbd, err := find("mariadbd")
	if err != nil {
		return err
	}
	if s.Dir, err = os.MkdirTemp("", "mdb"); err != nil {
		return fmt.Errorf("make server directory: %w", err)
	}
	s.Socket = filepath.Join(s.Dir, "s")
	g.Nodes = append(g.Nodes, s)
	data := filepath.Join(g.dir, "data")
	if i == 0 {
		if data, err = template(mariadbd); err != nil {
			return err
		}
	}
	if err := s.prepare(mariadbd, data, o); err != nil {
		return err
	}
	if i == 0 {
		if err := errors.Join(g.synced(s), run(s, sql)); err != nil {
			return err
		}
		s.Stop()
		if err := g.keep(filepath.Join(s.Dir, "data")); err != nil {
			return err
		}
		if err := s.Again(); err != nil {
			return err
		}
	}
	if i == 0 { // from now on it joins the others
		s.args = s.args[:len(s.args)-len(alone)]
	}
	return g.synced(s)
}

func run(s *Server, sql []string) error {
	db := s.DB("")
	defer db.Close()
	for _, q := range sql {
		if _, err := db.Exec(q); err != nil {
			return fmt.Errorf("run %q: %w", q, err)
		}
	}
	return nil
}

// keep copies a data directory for all nodes, and writes the script that tells joiners which state it is in.
func (g *Galera) keep(data string) error {
	if out, err := exec.Command("cp", "-a", "--reflink=auto", data, filepath.Join(g.dir, "data")).CombinedOutput(); err != nil {
		return fmt.Errorf("copy data directory: %w: %s", err, out)
	}
	state, err := os.ReadFile(filepath.Join(data, "grastate.dat"))
	if err != nil {
		return fmt.Errorf("read position: %w", err)
	}
	var uuid, seqno string
	for line := range strings.Lines(string(state)) {
		if f := strings.Fields(line); len(f) == 2 {
			switch f[0] {
			case "uuid:":
				uuid = f[1]
			case "seqno:":
				seqno = f[1]
			}
		}
	}
	if uuid == "" || seqno == "" || seqno == "-1" {
		return fmt.Errorf("read position: %q", state)
	}
	script := fmt.Sprintf(`#!/bin/sh
case "$*" in
*joiner*) echo 'ready 127.0.0.1'; sleep 0.1; echo '%[1]s:%[2]s' ;;
*--bypass*) echo continue; sleep 0.1; echo 'done %[1]s:%[2]s' ;;
*) exit 22 ;;
esac
`, uuid, seqno)
	if err := os.WriteFile(filepath.Join(g.dir, "wsrep_sst_"+sstMethod), []byte(script), 0o700); err != nil {
		return fmt.Errorf("write script: %w", err)
	}
	return nil
}

// args are the options of node i.
func (g *Galera) args(i int) []string {
	var others []string
	for n, a := range g.groups {
		if n != i {
			others = append(others, a)
		}
	}
	return []string{
		"--wsrep-on=ON", "--binlog-format=ROW", "--innodb-autoinc-lock-mode=2", "--wsrep-provider=" + g.provider,
		"--wsrep-cluster-name=test", "--wsrep-cluster-address=gcomm://" + strings.Join(others, ","),
		"--wsrep-node-address=" + g.groups[i], fmt.Sprintf("--wsrep-node-name=node%d", i+1), "--wsrep-sst-method=" + sstMethod,
		fmt.Sprintf("--wsrep-sst-receive-address=127.0.0.1:%d", g.ports[2*i]),
		"--wsrep-provider-options=gcache.size=8M;gmcast.listen_addr=tcp://" + g.groups[i] +
			fmt.Sprintf(";ist.recv_addr=127.0.0.1:%d", g.ports[2*i+1]) +
			";evs.keepalive_period=PT0.5S;evs.suspect_timeout=PT3S;evs.inactive_timeout=PT8S;evs.install_timeout=PT8S;evs.inactive_check_period=PT0.25S",
	}
}

// synced waits for a node to be synced.
func (g *Galera) synced(s *Server) error {
	db := s.DB("")
	defer db.Close()
	for begun := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		var name, state string
		err := db.QueryRow("SHOW STATUS LIKE 'wsrep_local_state_comment'").Scan(&name, &state)
		if err == nil && state == "Synced" {
			return nil
		}
		if time.Since(begun) > joinLimit {
			return fmt.Errorf("wait for node %s: %q, %v\n%s", s.Addr, state, err, s.proc.logTail())
		}
	}
}

// Return brings a node back that was killed. It begins with the data all nodes began with.
func (g *Galera) Return(t testing.TB, s *Server) {
	t.Helper()
	data := filepath.Join(s.Dir, "data")
	if err := os.RemoveAll(data); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("cp", "-a", "--reflink=auto", filepath.Join(g.dir, "data"), data).CombinedOutput(); err != nil {
		t.Fatalf("mariadbtest: copy data directory: %v: %s", err, out)
	}
	if err := errors.Join(s.Again(), g.synced(s)); err != nil {
		t.Fatalf("mariadbtest: %v", err)
	}
}

// Close ends all nodes.
func (g *Galera) Close() {
	for _, s := range g.Nodes {
		s.Close()
	}
	os.RemoveAll(g.dir)
}
