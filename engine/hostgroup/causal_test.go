package hostgroup_test

import (
	"context"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keepsql/keepsql/engine/gtid"
	"github.com/keepsql/keepsql/engine/hostgroup"
	"github.com/keepsql/keepsql/engine/internal/gtidtest"
)

const source = "3e11fa47-71ca-11e1-9e33-c80aa9429562"

// servers puts servers of hostgroup 1 into force: host and gtid_port of each. All names are the same server.
func (f *fixture) servers(max int, list ...any) {
	f.t.Helper()
	var rows []map[string]string
	for i := 0; i < len(list); i += 2 {
		rows = append(rows, map[string]string{
			"hostgroup_id": "1", "hostname": list[i].(string), "port": strconv.Itoa(server.Port), "max_connections": strconv.Itoa(max),
			"gtid_port": strconv.Itoa(list[i+1].(int)),
		})
	}
	f.table("mysql_servers", rows...)
	f.load()
}

// after is a request for a server that has executed a transaction of source.
func after(n int) *hostgroup.Request {
	r := app(1)
	id, err := gtid.ParseID([]byte(source + ":" + strconv.Itoa(n)))
	if err != nil {
		panic(err)
	}
	r.After = &hostgroup.After{GTID: id}
	return r
}

// acquired is an Acquire under way.
func (f *fixture) acquired(r *hostgroup.Request) <-chan *hostgroup.Conn {
	out := make(chan *hostgroup.Conn, 1)
	go func() {
		c, err := f.Acquire(context.Background(), r)
		if err != nil {
			f.t.Error(err)
		}
		out <- c
	}()
	return out
}

// woken is a manager that looks at nothing again by itself: who waits has to be woken.
func woken(t *testing.T) *fixture {
	t.Helper()
	return managerWith(t, hostgroup.Options{Recheck: time.Hour}, map[string]string{"mysql-connect_timeout_server_max": "120000"})
}

func (f *fixture) got(what string, ch <-chan *hostgroup.Conn) *hostgroup.Conn {
	f.t.Helper()
	select {
	case c := <-ch:
		return c
	case <-time.After(patience):
		f.t.Fatalf("%s: no connection", what)
		return nil
	}
}

func (f *fixture) waits(what string, ch <-chan *hostgroup.Conn) {
	f.t.Helper()
	select {
	case <-ch:
		f.t.Fatalf("%s: does not wait", what)
	case <-time.After(20 * time.Millisecond):
	}
}

// known waits until readers have told something of n servers.
func (f *fixture) known(n int) {
	f.t.Helper()
	f.waitFor("readers", func() bool {
		known := 0
		for _, e := range f.Executed() {
			if e.GTIDs != "" {
				known++
			}
		}
		return known == n
	})
}

func TestOnlyServersThatHaveExecutedIt(t *testing.T) {
	t.Parallel()
	f := manager(t, nil)
	ahead, behind := gtidtest.Start(t, source+":1-10"), gtidtest.Start(t, source+":1-9")
	f.servers(10, "127.0.0.1", ahead.Port, "localhost", behind.Port, "127.0.0.1.", 0)
	f.known(2)
	for range 20 {
		c := f.acquire(after(10))
		if c.Server().Host != "127.0.0.1" || !c.Has(after(10).After) || c.Has(after(11).After) {
			t.Fatalf("went to %s", c.Server())
		}
		c.CountAfter()
		f.Release(c)
	}
	if s := f.status(1, server.Port); s.QueriesAfter != 20 {
		t.Errorf("statements counted: %+v", s)
	}
	want := []hostgroup.Executed{
		{Host: "127.0.0.1", Port: server.Port, GTIDs: source + ":1-10", Events: 1}, {Host: "localhost", Port: server.Port, GTIDs: source + ":1-9", Events: 1},
	}
	if d := cmp.Diff(want, f.Executed()); d != "" {
		t.Error(d)
	}
	if e := f.impatient(after(11)); e.Code != 9001 || !strings.HasSuffix(e.Message, "(servers: 3, have not executed GTID 3 ("+source+":11))") {
		t.Errorf("nobody has it: %v", e)
	}
	r := after(11)
	r.After.Host, r.After.Port = "localhost", server.Port // where it was committed
	for range 5 {
		c := f.acquire(r)
		if c.Server().Host != "localhost" {
			t.Errorf("went to %s", c.Server())
		}
		f.Release(c)
	}
	f.servers(10, "localhost", 0)
	f.waitFor("readers to be left", func() bool { return len(f.Executed()) == 0 })
	if e := f.impatient(after(1)); !strings.Contains(e.Message, "have not executed GTID 1 (") {
		t.Errorf("without a reader: %v", e)
	}
}

// A reader that is lost is reached again after mysql-binlog_reader_connect_retry_msec; until then nothing is known.
func TestReaderIsLost(t *testing.T) {
	t.Parallel()
	f := manager(t, map[string]string{"mysql-binlog_reader_connect_retry_msec": "300"})
	reader := gtidtest.Start(t, source+":1-9")
	f.servers(10, "127.0.0.1", reader.Port)
	f.known(1)
	noticed := false
	for heard, end := uint64(2), time.Now().Add(patience); !noticed; heard++ { // where the test stands still for long it misses that
		begin := time.Now()
		reader.HangUp()
		f.waitFor("the reader to be reached again", func() bool {
			e := f.Executed()[0]
			noticed = noticed || e.GTIDs == ""
			return e.GTIDs != "" && e.Events == heard
		})
		if took := time.Since(begin); took < 300*time.Millisecond {
			t.Errorf("reached again after %v", took)
		}
		if begin.After(end) {
			t.Fatal("what a reader that was lost had said is still known")
		}
	}
}

func TestWaitsForReplication(t *testing.T) {
	t.Parallel()
	f := woken(t)
	reader := gtidtest.Start(t, source+":1-9")
	f.servers(10, "127.0.0.1", reader.Port)
	f.known(1)
	late, later := f.acquired(after(10)), f.acquired(after(11))
	f.waits("10", late)
	for range 3 { // others do not wait for their turn
		f.Release(f.got("without a GTID", f.acquired(app(1))))
	}
	reader.Say("I1=" + source + ":10")
	f.Release(f.got("10", late))
	f.waits("11", later)
	reader.Say("I2=11")
	f.Release(f.got("11", later))
}

// A place that comes free on a server without the transaction is for somebody who does not need it.
func TestPlacesAndReplication(t *testing.T) {
	t.Parallel()
	f := woken(t)
	ahead, behind := gtidtest.Start(t, source+":1-10"), gtidtest.Start(t, source+":1-9")
	f.servers(1, "127.0.0.1", ahead.Port, "localhost", behind.Port)
	f.known(2)
	first, other := f.acquire(after(10)), f.acquire(after(9))
	wanted := f.acquired(after(10))
	f.waits("a place on a server that has it", wanted)
	anywhere := f.acquired(app(1))
	f.waits("a place anywhere", anywhere)
	f.Release(other)
	other = f.got("a place anywhere", anywhere)
	f.Release(first)
	f.Release(f.got("a place on a server that has it", wanted))
	f.Release(other)
}

// A server of MariaDB without a reader is asked itself, over one connection for all who wait, which goes back to the pool.
func TestAsksServersThemselves(t *testing.T) {
	t.Parallel()
	f := woken(t)
	f.servers(10, "127.0.0.1", 0)
	position := func(n int) *hostgroup.Request {
		r := app(1)
		id, err := gtid.ParseID([]byte("7-1-" + strconv.Itoa(n)))
		if err != nil {
			t.Fatal(err)
		}
		r.After = &hostgroup.After{GTID: id}
		return r
	}
	var late []<-chan *hostgroup.Conn
	for n := range 5 {
		late = append(late, f.acquired(position(n+1)))
	}
	f.waits("a transaction that there is not", late[0])
	f.waitFor("the server to be asked", func() bool { return len(f.Executed()) == 1 })
	if s := f.status(1, server.Port); s.ConnUsed != 1 {
		t.Errorf("asked over %d connections", s.ConnUsed)
	}
	server.Exec(t, "SET GLOBAL gtid_slave_pos='7-1-5'")
	defer server.Exec(t, "SET GLOBAL gtid_slave_pos=''")
	for _, ch := range late {
		f.Release(f.got("after replication", ch))
	}
	f.Release(f.acquire(position(4)))
	f.set("connect_timeout_server_max", 500)
	if e := f.refusal(position(6)); !strings.HasSuffix(e.Message, "(servers: 1, have not executed GTID 1 (7-1-6))") {
		t.Errorf("a transaction that there is not: %v", e)
	}
	f.waitFor("connections to be given back", func() bool { return f.status(1, server.Port).ConnUsed == 0 })
	f.set("connect_timeout_server_max", 10000)
	f.waitFor("what the server has executed", func() bool {
		f.Release(f.acquire(position(4))) // it is believed for some seconds only
		got := f.Executed()
		return len(got) == 1 && got[0].GTIDs == "7-1-5"
	})
	f.Missing("127.0.0.1", server.Port, "missed 3 heartbeats")
	if got := f.Executed(); len(got) != 0 {
		t.Errorf("a server that went away is known to have executed %+v", got)
	}
}
