package engine_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/keepsql/keepsql/engine"
	"github.com/keepsql/keepsql/engine/wire"
)

// client logs in to the proxy.
func (tr *tree) client() (*wire.Client, error) {
	c, err := wire.Open(tr.t.Context(), "unix", filepath.Join(tr.dir, "proxy.sock"), &wire.Account{User: "a", Password: "p"}, patience)
	if err == nil {
		tr.t.Cleanup(func() { c.Close() })
	}
	return c, err
}

// ask sends a request that must not be refused.
func (tr *tree) ask(r engine.Request) engine.Answer {
	tr.t.Helper()
	a, err := engine.Ask(tr.dir, r)
	if err != nil {
		tr.t.Fatalf("%s: %v", r.Command, err)
	}
	return a
}

func (tr *tree) refused(r engine.Request, want string) {
	tr.t.Helper()
	if _, err := engine.Ask(tr.dir, r); err == nil || !strings.Contains(err.Error(), want) {
		tr.t.Errorf("%s: %v, want an error with %q", r.Command, err, want)
	}
}

func (tr *tree) drainState() (s engine.DrainStatus) {
	tr.t.Helper()
	var list []engine.DrainStatus
	if err := json.Unmarshal(tr.ask(engine.Request{Command: "drain-status"}).Data, &list); err != nil || len(list) != 1 {
		tr.t.Fatal(list, err)
	}
	return list[0]
}

func TestDrainAndUndrain(t *testing.T) {
	tr := plant(t, `mysql_users=({username="a";password="p"})`)
	tr.refused(engine.Request{Command: "undrain"}, "is not being drained")
	tr.refused(engine.Request{Command: "failover"}, "no vrrp process runs")
	idle, err := tr.client()
	if err != nil {
		t.Fatal(err)
	}
	if got := tr.drainState().String(); got != "serving: 0 sessions, 0 in a transaction, 0 running a statement" {
		t.Errorf("before: %s", got)
	}
	tr.ask(engine.Request{Command: "drain", Timeout: 5 * time.Second})
	tr.wait("the end of the drain", func() bool { return tr.drainState().State == "drained" })
	if s := tr.drainState(); s.Cut != 0 || s.Sessions != 0 {
		t.Errorf("after the drain: %+v", s)
	}
	if _, err := idle.Query(context.Background(), "SELECT 1"); err == nil {
		t.Error("an idle client was served") // what it is told is tested with the proxy
	}
	if _, err := tr.client(); err == nil {
		t.Error("a new client is let in")
	}
	tr.refused(engine.Request{Command: "drain"}, "is drained already")
	tr.wait("status", func() bool {
		return strings.Contains(string(tr.status().Children["engine"].Detail), `"drained by an operator"`)
	})
	if got := tr.query("SHOW DRAIN STATUS"); got != "drained" {
		t.Errorf("SHOW DRAIN STATUS: %s", got)
	}
	tr.query("PROXYSQL UNDRAIN")
	if got := tr.drainState().State; got != "serving" {
		t.Errorf("after PROXYSQL UNDRAIN: %s", got)
	}
	if _, err := tr.client(); err != nil {
		t.Errorf("a client after it: %v", err)
	}
	tr.query("PROXYSQL DRAIN 20")
	tr.wait("the end of the drain", func() bool { return tr.drainState().State == "drained" })
	if s := tr.drainState(); s.Until.Sub(s.Since) != 20*time.Second {
		t.Errorf("PROXYSQL DRAIN 20: %+v", s)
	}
	if a := tr.ask(engine.Request{Command: "undrain"}); a.Text != "this node serves again" {
		t.Errorf("undrain: %s", a.Text)
	}
}

// TestHeartbeats: an engine that hangs is killed and started again; the script of the file runs.
func TestHeartbeats(t *testing.T) {
	tr := seedling(t)
	t.Cleanup(tr.stop)
	died := filepath.Join(tr.dir, "died")
	tr.edit(tr.config("restart_on_missing_heartbeats=4\nexecute_on_exit_failure=\"echo yes >>" + died + "\"\n"))
	tr.run()
	time.Sleep(1200 * time.Millisecond) // it has been heard
	pid := tr.status().Children["engine"].PID
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	tr.wait("a new engine", func() bool {
		c := tr.status().Children["engine"]
		return c.Ready && c.PID != pid
	})
	tr.wait("the script", func() bool {
		text, _ := os.ReadFile(died)
		return strings.HasPrefix(string(text), "yes\n")
	})
}
