package privilege_test

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/google/go-cmp/cmp"

	"github.com/keepsql/keepsql/engine/privilege"
)

// asKeeper makes the test binary a process that gives up rights, so that the tests do not.
const asKeeper = "KEEPSQL_TEST_KEEP"

func TestMain(m *testing.M) {
	if os.Getenv(asKeeper) != "" {
		err := privilege.Keep(privilege.NetRaw)
		done := make(chan []privilege.Capability)
		go func() { done <- privilege.Missing(privilege.NetAdmin, privilege.NetRaw) }() // another thread, perhaps
		fmt.Println(err, <-done, privilege.Missing(privilege.NetAdmin, privilege.NetRaw))
		return
	}
	os.Exit(m.Run())
}

func asRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("skipped: it takes root to give rights up")
	}
}

func TestKeep(t *testing.T) {
	asRoot(t)
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), asKeeper+"=1")
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	got := strings.TrimSpace(string(out))
	if strings.HasPrefix(got, "give up capabilities: operation not supported") {
		t.Skip("skipped: a program with C in it cannot change all its threads")
	}
	if want := "<nil> [CAP_NET_ADMIN] [CAP_NET_ADMIN]"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestAdvice(t *testing.T) {
	got := privilege.Advice([]privilege.Capability{privilege.NetAdmin, privilege.NetRaw})
	for _, want := range []string{"AmbientCapabilities=CAP_NET_ADMIN CAP_NET_RAW", "setcap cap_net_admin,cap_net_raw=ep /"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q does not say %q", got, want)
		}
	}
}

// TestAttr: a program has what it was given and nothing else.
func TestAttr(t *testing.T) {
	asRoot(t)
	id, err := privilege.Lookup("nobody")
	if err != nil {
		t.Skip("skipped: this host has no user nobody")
	}
	cmd := exec.Command("grep", "-E", "^(Uid|Gid|CapEff|CapPrm)", "/proc/self/status")
	cmd.SysProcAttr = &syscall.SysProcAttr{}
	id.Attr(cmd.SysProcAttr, privilege.NetAdmin, privilege.NetRaw)
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf("Uid:\t%[1]d\t%[1]d\t%[1]d\t%[1]d\nGid:\t%[2]d\t%[2]d\t%[2]d\t%[2]d\nCapPrm:\t0000000000003000\nCapEff:\t0000000000003000\n", id.UID, id.GID)
	if diff := cmp.Diff(want, string(out)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestChoose(t *testing.T) {
	asRoot(t)
	for name, want := range map[string]string{"root": "", "nobody": "nobody", "65534": "nobody"} {
		id, err := privilege.Choose(name)
		if err != nil || (id == nil) != (want == "") || id != nil && id.Name != want {
			t.Errorf("%q: %+v %v", name, id, err)
		}
	}
	if _, err := privilege.Choose("no-such-user"); err == nil || !strings.Contains(err.Error(), "no-such-user") {
		t.Errorf("a user that does not exist: %v", err)
	}
}

// TestHandOver: the engine's files change hands; links, files with two names and those of others
// do not.
func TestHandOver(t *testing.T) {
	asRoot(t)
	id, err := privilege.Lookup("nobody")
	if err != nil {
		t.Skip("skipped: this host has no user nobody")
	}
	top := t.TempDir()
	dir := filepath.Join(top, "data")
	write := func(name string) string {
		t.Helper()
		name = filepath.Join(dir, name)
		if err := os.WriteFile(name, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	write("proxysql.db")
	write("keepsql.db-wal")
	write("keepsql.generation")
	write("somebody.else")
	secret := filepath.Join(top, "secret")
	if err := os.WriteFile(secret, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Link(secret, filepath.Join(dir, "proxysql.db-two")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(secret, filepath.Join(dir, "proxysql.db-link")); err != nil {
		t.Fatal(err)
	}
	if err := privilege.HandOver(dir, id); err == nil || !strings.Contains(err.Error(), filepath.Dir(top)) && !strings.Contains(err.Error(), top) {
		t.Errorf("a directory that is out of reach: %v", err)
	}
	for _, d := range []string{filepath.Dir(top), top} {
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := privilege.HandOver(dir, id); err != nil {
		t.Fatal(err)
	}
	got := map[string]bool{}
	for _, name := range []string{".", "proxysql.db", "keepsql.db-wal", "keepsql.generation", "somebody.else", "proxysql.db-two", "../secret"} {
		var st unix.Stat_t
		if err := unix.Stat(filepath.Join(dir, name), &st); err != nil {
			t.Fatal(err)
		}
		got[name] = st.Uid == id.UID
	}
	want := map[string]bool{".": true, "proxysql.db": true, "keepsql.db-wal": true, "keepsql.generation": false, "somebody.else": false, "proxysql.db-two": false, "../secret": false}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("handed over (-want +got):\n%s", diff)
	}
	if id.Reads(secret) || !id.Reads(filepath.Join(dir, "proxysql.db")) {
		t.Error("Reads is wrong")
	}
}

func TestHandOverSocket(t *testing.T) {
	asRoot(t)
	id, err := privilege.Lookup("nobody")
	if err != nil {
		t.Skip("skipped: this host has no user nobody")
	}
	dir := t.TempDir()
	socket, plain := filepath.Join(dir, "s"), filepath.Join(dir, "f")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if err := os.WriteFile(plain, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]bool{socket: true, plain: false, filepath.Join(dir, "absent"): false} {
		if err := privilege.HandOverSocket(name, id); err != nil {
			t.Fatal(err)
		}
		var st unix.Stat_t
		if unix.Stat(name, &st) == nil && (st.Uid == id.UID) != want {
			t.Errorf("%s belongs to %d", name, st.Uid)
		}
	}
}
