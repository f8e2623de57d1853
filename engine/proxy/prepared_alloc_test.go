package proxy_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/keepsql/keepsql/engine/wire"
)

// preparedClient is a bare connection with one statement, of one parameter.
func preparedClient(t testing.TB, n *node, caps wire.Capability) (client statementClient, execution []byte) {
	t.Helper()
	c, _, err := wire.Dial(context.Background(), "unix", n.socket, &wire.Account{User: "app", Password: "app_pass", Database: "d", Capabilities: caps})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Kill() })
	client = statementClient{c: c}
	if err := client.command(wire.ComStmtPrepare, []byte("\x16SELECT c FROM sbtest1 WHERE id=?")); err != nil {
		t.Fatal(err)
	}
	id := byte(client.a.StatementID)
	return client, []byte{23, id, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 8, 0, 0x7a, 0xc3, 0, 0, 0, 0, 0, 0}
}

func answererNode(t testing.TB, forgetful int) *node {
	return startWith(t, "", fmt.Sprintf("mysql_servers: ( { address=\"127.0.0.1\", port=%d, hostgroup=10 } )\n"+
		"mysql_query_rules: (\n{ rule_id=1, active=1, match_digest=\"^SELECT .* FOR UPDATE$\", destination_hostgroup=10, apply=1 },\n"+
		"{ rule_id=2, active=1, match_digest=\"^SELECT\", destination_hostgroup=10, apply=1 } )", answerer(t, forgetful)))
}

func TestNoAllocationsPerExecution(t *testing.T) {
	if raceEnabled {
		t.Skip("skipped: the race detector allocates")
	}
	n := answererNode(t, 0)
	client, execution := preparedClient(t, n, 0)
	other, otherExecution := preparedClient(t, n, 0)
	otherExecution[12] = 3                            // of another type on the same server statement
	untyped := append([]byte(nil), execution[:13]...) // types as sent before
	untyped = append(append(untyped[:11], 0), execution[14:]...)
	run := func() {
		for _, e := range []error{
			client.command(wire.ComStmtExecute, execution), other.command(wire.ComStmtExecute, otherExecution),
			client.command(wire.ComStmtExecute, untyped),
		} {
			if e != nil {
				t.Fatal(e)
			}
		}
	}
	for range 200 { // the pools fill
		run()
	}
	if got := allocationsPerRun(2000, run); got != 0 {
		t.Errorf("%v allocations per execution", got)
	}
	text, closing := []byte("\x16SELECT c FROM sbtest1 WHERE id=?"), []byte{25, 0, 0, 0, 0}
	again := func() { // what drivers do that prepare, execute and close
		err := client.command(wire.ComStmtPrepare, text)
		if err != nil {
			t.Fatal(err)
		}
		execution[1] = byte(client.a.StatementID)
		if err := client.command(wire.ComStmtExecute, execution); err != nil {
			t.Fatal(err)
		}
		copy(closing[1:], execution[1:5])
		client.c.BeginCommand()
		if err := client.c.WritePacket(closing); err != nil {
			t.Fatal(err)
		}
	}
	for range 200 {
		again()
	}
	if got := allocationsPerRun(2000, again); got != 0 {
		t.Errorf("%v allocations per preparation", got)
	}
	// a client may send before its neighbour's connection is back in the pool
	if got := n.global("Com_backend_stmt_prepare"); got > 2 {
		t.Errorf("prepared %d times on servers", got)
	}
}

// A server that does not know a statement any more is told of it again, and the client notices nothing.
func TestForgottenStatement(t *testing.T) {
	n := answererNode(t, 3)
	client, execution := preparedClient(t, n, 0)
	for i := range 20 {
		if err := client.command(wire.ComStmtExecute, execution); err != nil {
			t.Fatalf("execution %d: %v", i, err)
		}
	}
	if got := n.table("stats_mysql_prepared_statements_info")[0]["ref_count_server"]; got != "1" {
		t.Errorf("exists %s times on the server", got)
	}
}

func BenchmarkExecutePrepared(b *testing.B) {
	n := answererNode(b, 0)
	client, execution := preparedClient(b, n, 0)
	b.ReportAllocs()
	for b.Loop() {
		if err := client.command(wire.ComStmtExecute, execution); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkPrepareExecuteClose(b *testing.B) {
	n := answererNode(b, 0)
	client, execution := preparedClient(b, n, 0)
	closing := []byte{25, 0, 0, 0, 0}
	b.ReportAllocs()
	for b.Loop() {
		if err := client.command(wire.ComStmtPrepare, []byte("\x16SELECT c FROM sbtest1 WHERE id=?")); err != nil {
			b.Fatal(err)
		}
		execution[1], closing[1] = byte(client.a.StatementID), byte(client.a.StatementID)
		if err := client.command(wire.ComStmtExecute, execution); err != nil {
			b.Fatal(err)
		}
		client.c.BeginCommand()
		if err := client.c.WritePacket(closing); err != nil {
			b.Fatal(err)
		}
	}
}
