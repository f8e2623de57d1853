package proxy

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/keepsql/keepsql/engine/prepared"
	"github.com/keepsql/keepsql/engine/setting"
	"github.com/keepsql/keepsql/engine/wire"
)

// clientOf is a client's statement with some parameters.
func clientOf(params int) *clientStatement {
	s := prepared.NewCache().New(&prepared.Statement{Vars: new(setting.State)})
	s.SetMeta(&prepared.Meta{Params: params})
	return &clientStatement{id: 1, shared: s}
}

// Server statements are shared, so each execution sees to it that the server has this client's types.
func TestWithTypes(t *testing.T) {
	const head = "\x17\x01\x00\x00\x00\x00\x01\x00\x00\x00" // command, id, flags, iterations
	const sent = head + "\x00" + "\x01" + "\x08\x00\xfd\x00" + "values"
	const other = head + "\x00" + "\x01" + "\x03\x00\x03\x00" + "values"
	const bare = head + "\x00" + "\x00" + "values"
	a, b := clientOf(2), clientOf(2)
	first, second := &prepared.Instance{}, &prepared.Instance{}
	for i, step := range []struct {
		client *clientStatement
		on     *prepared.Instance
		p      string
		want   string
	}{
		{a, first, sent, sent},
		{a, first, bare, bare},
		{a, second, bare, sent},
		{b, first, other, other},
		{b, first, bare, bare},
		{a, first, bare, sent},
		{a, first, bare, bare},
		{b, second, bare, other},
	} {
		if e := step.client.check(wire.ComStmtExecute, []byte(step.p)); e != nil {
			t.Fatalf("step %d: %v", i+1, e)
		}
		st := statement{payload: []byte(step.p), client: step.client}
		if diff := cmp.Diff(step.want, string(st.withTypes(step.on))); diff != "" {
			t.Errorf("step %d: %s", i+1, diff)
		}
	}
}

func TestCheckExecution(t *testing.T) {
	const head = "\x17\x01\x00\x00\x00\x00\x01\x00\x00\x00"
	for p, code := range map[string]uint16{
		"\x17\x01\x00\x00\x00":            1045, // cut
		head:                              1210, // without parameters
		head + "\x00":                     1210, // without the flag
		head + "\x00\x00values":           1210, // no types, and none were sent before
		head + "\x00\x01\x08\x00":         1210, // types cut
		head + "\x00\x01\x08\x00\xfd\x00": 0,
	} {
		var got uint16
		if e := clientOf(2).check(wire.ComStmtExecute, []byte(p)); e != nil {
			got = e.Code
		}
		if got != code {
			t.Errorf("%q: error %d, want %d", p, got, code)
		}
	}
	if e := clientOf(0).check(wire.ComStmtExecute, []byte(head)); e != nil {
		t.Errorf("without parameters: %v", e)
	}
}

func TestStatementIDs(t *testing.T) {
	cache := prepared.NewCache()
	var list statements
	add := func() *clientStatement { return list.add(cache.New(&prepared.Statement{Text: []byte("x")})) }
	one, two, three := add(), add(), add()
	if one.id != 1 || two.id != 2 || three.id != 3 {
		t.Errorf("ids %d %d %d", one.id, two.id, three.id)
	}
	list.remove(two)
	if list.find(2) != nil || list.find(0) != nil || list.find(4) != nil || list.find(3) != three {
		t.Error("find gives what is closed, or does not give what is not")
	}
	if again := add(); again.id != 2 || list.open() != 3 || list.bytes != 3 {
		t.Errorf("id %d, %d open, %d bytes", again.id, list.open(), list.bytes)
	}
	list.clear()
	if got := cache.Stats().ClientTotal; got != 0 {
		t.Errorf("%d references left", got)
	}
}
