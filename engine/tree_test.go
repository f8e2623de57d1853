package engine_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/alecthomas/kong"
	"github.com/rs/zerolog"

	"github.com/keepsql/keepsql/conf"
	"github.com/keepsql/keepsql/engine"
	"github.com/keepsql/keepsql/engine/wire"
)

// The test binary plays all three processes, told apart as in the process table.
func TestMain(m *testing.M) {
	log := zerolog.New(os.Stderr)
	var err error
	switch filepath.Base(os.Args[0]) {
	case "proxysql":
		var args struct {
			Engine engine.NodeOptions `cmd:""`
		}
		kong.Parse(&args)
		err = engine.RunNode(args.Engine, log)
	case "keepalived":
		err = engine.RunVRRP(log)
	case "guardian":
		if err = ownNetwork(); err != nil {
			break
		}
		var g *engine.Guardian
		if g, err = engine.NewGuardian(engine.Options{Files: os.Args[1:2], Datadir: os.Args[2], NoStart: slices.Contains(os.Args, "no-start")}, log); err == nil {
			err = g.Run(context.Background())
		}
	default:
		os.Exit(m.Run())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// tree is a guardian in a process of its own, with its children.
type tree struct {
	t     *testing.T
	dir   string
	file  string
	admin string // a unix socket
	netns bool   // run in a network namespace of its own, with an interface eth0
	args  []string
	proc  *os.Process
	gone  chan struct{}
}

// config is a file with the given sections on free ports.
func (tr *tree) config(sections string) string {
	return fmt.Sprintf("admin_variables={ mysql_ifaces=%q }\nmysql_variables={ interfaces=%q }\n%s\n",
		tr.admin, filepath.Join(tr.dir, "proxy.sock"), sections)
}

func (tr *tree) edit(text string) {
	tr.t.Helper()
	if err := os.WriteFile(tr.file+".new", []byte(text), 0o600); err != nil {
		tr.t.Fatal(err)
	}
	if err := os.Rename(tr.file+".new", tr.file); err != nil {
		tr.t.Fatal(err)
	}
}

// seedling is a tree that does not run yet.
func seedling(t *testing.T) *tree {
	dir := t.TempDir()
	return &tree{t: t, dir: dir, admin: filepath.Join(dir, "admin.sock"), file: filepath.Join(dir, "keepsql.cnf")}
}

// plant starts a tree and waits until its engine serves.
func plant(t *testing.T, sections string) *tree {
	t.Helper()
	tr := seedling(t)
	tr.edit(tr.config(sections))
	t.Cleanup(func() { tr.stop() })
	tr.run()
	return tr
}

func (tr *tree) run() {
	tr.t.Helper()
	exe, err := os.Executable()
	if err != nil {
		tr.t.Fatal(err)
	}
	attr := &os.ProcAttr{Files: []*os.File{nil, os.Stderr, os.Stderr}, Env: os.Environ()}
	if tr.netns {
		attr.Sys = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET}
		attr.Env = append(attr.Env, netnsVariable+"=1")
	}
	tr.proc, err = os.StartProcess(exe, append([]string{"guardian", tr.file, tr.dir}, tr.args...), attr)
	if err != nil {
		tr.t.Fatal(err)
	}
	gone, proc := make(chan struct{}), tr.proc
	tr.gone = gone
	go func() {
		defer close(gone)
		_, _ = proc.Wait()
	}()
	if slices.Contains(tr.args, "no-start") {
		tr.wait("the admin interface", func() bool { return accepts(tr.admin) })
		return
	}
	tr.wait("the engine to serve", func() bool { return tr.ready() })
}

// accepts tells whether something listens at a unix socket.
func accepts(socket string) bool {
	c, err := net.Dial("unix", socket)
	if err == nil {
		c.Close()
	}
	return err == nil
}

func (tr *tree) stop() {
	if tr.proc == nil {
		return
	}
	select {
	case <-tr.gone:
		return
	default:
	}
	_ = tr.proc.Signal(syscall.SIGTERM)
	select {
	case <-tr.gone:
	case <-time.After(patience):
		tr.t.Error("the guardian did not stop")
		_ = tr.proc.Kill()
	}
}

func (tr *tree) ready() bool {
	a, err := engine.Ask(tr.dir, engine.Request{Command: "status"})
	return err == nil && a.Status.Children["engine"].Ready
}

func (tr *tree) status() *engine.Status {
	tr.t.Helper()
	a, err := engine.Ask(tr.dir, engine.Request{Command: "status"})
	if err != nil {
		tr.t.Fatal(err)
	}
	return a.Status
}

// patience is how long something may take that only has to happen: far longer than a busy host stalls.
const patience = time.Minute

func (tr *tree) wait(what string, ok func() bool) {
	tr.t.Helper()
	for end := time.Now().Add(patience); !ok(); {
		if time.Now().After(end) {
			tr.t.Fatalf("waited in vain for %s", what)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// query asks the admin interface for one column, as one text.
func (tr *tree) query(sql string) string {
	tr.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	c, err := wire.Open(ctx, "unix", tr.admin, &wire.Account{User: "admin", Password: "admin"}, patience)
	if err != nil {
		tr.t.Fatal(err)
	}
	defer c.Close()
	r, err := c.Query(ctx, sql)
	if err != nil {
		tr.t.Fatalf("%s: %v", sql, err)
	}
	var out []string
	for _, row := range r.Rows {
		out = append(out, row[0].Text)
	}
	return strings.Join(out, " ")
}

func (tr *tree) version(module string) int {
	tr.t.Helper()
	n, err := strconv.Atoi(tr.query("SELECT version FROM runtime_checksums_values WHERE name='" + module + "'"))
	if err != nil {
		tr.t.Fatal(err)
	}
	return n
}

// alive tells whether a process exists and is not a zombie.
func alive(pid int) bool {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false
	}
	_, rest, _ := strings.Cut(string(text), ") ")
	return !strings.HasPrefix(rest, "Z") && !strings.HasPrefix(rest, "X")
}

func TestEngineIsStartedAgain(t *testing.T) {
	tr := plant(t, "")
	pid := tr.status().Children["engine"].PID
	comm, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid))
	if err != nil {
		t.Fatal(err)
	}
	if string(comm) != "proxysql\n" {
		t.Errorf("the engine is called %q in the process table", comm)
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	tr.wait("a new engine", func() bool {
		c := tr.status().Children["engine"]
		return c.Ready && c.PID != pid && c.Restarts == 1
	})
	if got := tr.query("SELECT 1"); got != "1" {
		t.Errorf("the new engine answers %q", got)
	}
}

func TestEditsTakeEffect(t *testing.T) {
	tr := plant(t, `mysql_users=({username="a";password="p"})`)
	before := tr.version("mysql_users")
	tr.edit(tr.config(`mysql_users=({username="a";password="p"},{username="b";password="p"})`))
	tr.wait("the edit", func() bool { return tr.query("SELECT username FROM disk.mysql_users ORDER BY 1") == "a b" })
	tr.wait("its version", func() bool { return tr.version("mysql_users") > before })
	if got := tr.version("mysql_users"); got != before+1 {
		t.Errorf("version %d after %d", got, before)
	}

	broken := tr.config(`mysql_users=({username="broken"`)
	tr.edit(broken)
	tr.wait("the verdict on a broken file", func() bool { return tr.status().Rejected != nil })
	if got := tr.query("SELECT username FROM mysql_users ORDER BY 1"); got != "a b" {
		t.Errorf("a broken file changed the users to %q", got)
	}
	if reason := tr.status().Rejected.Reason; !strings.Contains(reason, tr.file+":3:") {
		t.Errorf("the verdict does not say where: %s", reason)
	}

	tr.edit(tr.config(`mysql_users=({username="b";password="p"})`))
	if _, err := engine.Ask(tr.dir, engine.Request{Command: "reload"}); err != nil {
		t.Fatal(err)
	}
	if got := tr.query("SELECT username FROM mysql_users ORDER BY 1"); got != "b" {
		t.Errorf("users %q after the repair", got)
	}
	if tr.status().Rejected != nil {
		t.Error("the refused edit is still shown")
	}
}

func TestLiveChangesThatAreRefused(t *testing.T) {
	tr := plant(t, "")
	tr.edit(tr.config(`pidfile="/nowhere.pid" mysql_users=({username="a"})`))
	tr.wait("the verdict", func() bool { return tr.status().Rejected != nil })
	if got := tr.status().Rejected.Reason; got != "pidfile cannot be changed while running: restart keepsql, or set it back" {
		t.Errorf("verdict %q", got)
	}
	if got := tr.query("SELECT username FROM mysql_users"); got != "" {
		t.Errorf("half of a refused edit was applied: users %q", got)
	}
}

func TestStop(t *testing.T) {
	tr := plant(t, "")
	pid := tr.status().Children["engine"].PID
	tr.stop()
	if alive(pid) {
		t.Error("the engine outlived a clean stop")
	}
	left, err := filepath.Glob(filepath.Join(tr.dir, "*.pid"))
	if err != nil {
		t.Fatal(err)
	}
	sockets, err := filepath.Glob(filepath.Join(tr.dir, "*.sock"))
	if err != nil {
		t.Fatal(err)
	}
	if left = append(left, sockets...); left != nil {
		t.Errorf("left behind: %v", left)
	}
}

func TestShutdownByAdmin(t *testing.T) {
	tr := plant(t, "")
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	c, err := wire.Open(ctx, "unix", tr.admin, &wire.Account{User: "admin", Password: "admin"}, patience)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_, _ = c.Query(ctx, "PROXYSQL SHUTDOWN") // upstream closes the connection without an answer
	select {
	case <-tr.gone:
	case <-time.After(patience):
		t.Error("the tree runs on")
	}
}

func TestNoStart(t *testing.T) {
	tr := seedling(t)
	tr.args = []string{"no-start"}
	tr.edit(tr.config(""))
	t.Cleanup(func() { tr.stop() })
	tr.run()
	socket := filepath.Join(tr.dir, "proxy.sock")
	serves := func() bool { return accepts(socket) }
	if serves() || tr.ready() {
		t.Error("the proxy serves before PROXYSQL START")
	}
	tr.query("PROXYSQL START")
	tr.wait("the proxy to serve", serves)
	if err := syscall.Kill(tr.status().Children["engine"].PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	tr.wait("the proxy to serve again after the engine died", serves)
}

func TestDeathOfTheGuardian(t *testing.T) {
	tr := plant(t, "")
	pid := tr.status().Children["engine"].PID
	if err := tr.proc.Kill(); err != nil {
		t.Fatal(err)
	}
	tr.wait("the engine to stop", func() bool { return !alive(pid) })
	<-tr.gone
	tr.run() // over the leftovers
	if got := tr.query("SELECT 1"); got != "1" {
		t.Errorf("after a start over leftovers: %q", got)
	}
}

func TestSecondStartIsRefused(t *testing.T) {
	tr := plant(t, "")
	g, err := engine.NewGuardian(engine.Options{Files: []string{tr.file}, Datadir: tr.dir}, zerolog.Nop())
	if err != nil {
		t.Fatal(err)
	}
	if err := g.Run(context.Background()); err == nil || !strings.Contains(err.Error(), "already running") {
		t.Errorf("a second start on the data directory: %v", err)
	}
	if !tr.ready() {
		t.Error("the second start disturbed the first")
	}
}

func TestPlanAndDiff(t *testing.T) {
	tr := plant(t, `mysql_users=({username="a"})`)
	next := filepath.Join(tr.dir, "next.cnf")
	if err := os.WriteFile(next, []byte(tr.config(`mysql_users=({username="b"})`)), 0o600); err != nil {
		t.Fatal(err)
	}
	g, ds := conf.Read([]string{next})
	if ds.HasErrors() {
		t.Fatal(ds)
	}
	a, err := engine.Ask(tr.dir, engine.Request{Command: "plan", Generation: g})
	if err != nil {
		t.Fatal(err)
	}
	if a.Text != "mysql_users: 1 changed, 1 deleted" {
		t.Errorf("plan: %s", a.Text)
	}
	tr.query("INSERT INTO mysql_users(username) VALUES('draft')")
	if a, err = engine.Ask(tr.dir, engine.Request{Command: "diff"}); err != nil {
		t.Fatal(err)
	}
	want := "mysql_users (username=draft, backend=1): file not mentioned, disk absent, memory present, runtime absent: LOAD MYSQL USERS TO RUNTIME; SAVE MYSQL USERS TO DISK"
	if a.Text != want {
		t.Errorf("diff: %s", a.Text)
	}
}

func TestHistoryAndRollback(t *testing.T) {
	tr := plant(t, `mysql_users=({username="a"})`)
	tr.query("DELETE FROM mysql_users")
	tr.query("LOAD MYSQL USERS TO RUNTIME")
	a, err := engine.Ask(tr.dir, engine.Request{Command: "history", Module: "mysql_users"})
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(a.Text, "mysql_users"); n < 2 || !strings.Contains(a.Text, "admin") {
		t.Errorf("history:\n%s", a.Text)
	}
	if _, err := engine.Ask(tr.dir, engine.Request{Command: "rollback", Module: "mysql_users", Revision: 1}); err != nil {
		t.Fatal(err)
	}
	if got := tr.query("SELECT username FROM runtime_mysql_users WHERE frontend=1"); got != "a" {
		t.Errorf("users %q after the rollback", got)
	}
	if _, err := engine.Ask(tr.dir, engine.Request{Command: "rollback", Module: "mysql_users", Revision: 99}); err == nil {
		t.Error("a rollback to a revision that never was")
	}
}

func TestStartWithBrokenFiles(t *testing.T) {
	tr := plant(t, `mysql_users=({username="a"})`)
	tr.stop()
	tr.edit(tr.config(`mysql_users=({username="b"`))
	tr.run()
	if got := tr.query("SELECT username FROM mysql_users"); got != "a" {
		t.Errorf("users %q with broken files", got)
	}
	if r := tr.status().Rejected; r == nil || !strings.Contains(r.Reason, tr.file+":3:") {
		t.Errorf("the broken file is not shown: %+v", r)
	}
	tr.edit(tr.config(`mysql_users=({username="b"})`))
	tr.wait("the repair", func() bool { return tr.query("SELECT username FROM mysql_users") == "b" })
	if tr.status().Rejected != nil {
		t.Error("the repaired file still counts as refused")
	}
}

func TestIncludedFileAppearsLater(t *testing.T) {
	tr := plant(t, `mysql_users=({username="a"})`)
	users := filepath.Join(tr.dir, "conf.d", "users.cnf")
	tr.edit(tr.config(fmt.Sprintf("@include %q\n", users)))
	tr.wait("the verdict on the missing file", func() bool { return tr.status().Rejected != nil })
	if err := os.Mkdir(filepath.Dir(users), 0o755); err != nil {
		t.Fatal(err)
	}
	time.Sleep(200 * time.Millisecond) // the new directory is seen before there is a file in it
	if err := os.WriteFile(users, []byte(`mysql_users=({username="b"})`), 0o600); err != nil {
		t.Fatal(err)
	}
	tr.wait("the file that appeared", func() bool { return tr.query("SELECT username FROM mysql_users") == "b" })
	if tr.status().Rejected != nil {
		t.Error("the edit still counts as refused")
	}
}
