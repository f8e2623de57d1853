package prepared_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/keepsql/keepsql/engine/prepared"
	"github.com/keepsql/keepsql/engine/setting"
)

var plain = setting.New("utf8mb4", "")

func key(text string) *prepared.Key {
	return &prepared.Key{User: "app", Schema: "d", Hostgroup: 1, Vars: plain, Text: []byte(text)}
}

func statement(k *prepared.Key) *prepared.Statement {
	return &prepared.Statement{User: k.User, Schema: k.Schema, Hostgroup: k.Hostgroup, Vars: k.Vars, Text: k.Text}
}

func TestFind(t *testing.T) {
	c := prepared.NewCache()
	s := c.Add(statement(key("SELECT ?")), 1000)
	zone := plain.With(setting.Parse([]byte("SET time_zone='+01:00'")))
	ansi := plain.With(setting.Parse([]byte("SET sql_mode='ANSI'")))
	latin := setting.New("latin1", "")
	for name, c := range map[string]struct {
		change func(k *prepared.Key)
		found  bool
	}{
		"the same":               {func(*prepared.Key) {}, true},
		"another text":           {func(k *prepared.Key) { k.Text = []byte("SELECT ? ") }, false},
		"another user":           {func(k *prepared.Key) { k.User = "b" }, false},
		"another schema":         {func(k *prepared.Key) { k.Schema = "e" }, false},
		"another hostgroup":      {func(k *prepared.Key) { k.Hostgroup = 2 }, false},
		"another time zone":      {func(k *prepared.Key) { k.Vars = zone }, true},
		"another sql_mode":       {func(k *prepared.Key) { k.Vars = ansi }, false},
		"another character set":  {func(k *prepared.Key) { k.Vars = latin }, false},
		"schema and user joined": {func(k *prepared.Key) { k.Schema, k.User = "", "dapp" }, false},
	} {
		t.Run(name, func(t *testing.T) {
			cache := prepared.NewCache()
			first := cache.Add(statement(key("SELECT ?")), 1000)
			k := key("SELECT ?")
			c.change(k)
			if got := cache.Find(k); (got == first) != c.found || got != nil && got != first {
				t.Errorf("found %v", got)
			}
		})
	}
	if again := c.Add(statement(key("SELECT ?")), 1000); again != s || s.Clients() != 2 {
		t.Errorf("a second statement of the same key, %d clients", s.Clients())
	}
}

func TestFresh(t *testing.T) {
	c := prepared.NewCache()
	s := c.Add(statement(key("SELECT ?")), 1000)
	if s.Fresh() {
		t.Error("fresh before a server was asked")
	}
	for what, spoil := range map[string]func(){"a spoilt statement": s.Spoil, "a changed table": c.Changed} {
		s.SetMeta(&prepared.Meta{Params: 1, Columns: 1, Epoch: c.Epoch()})
		if !s.Fresh() {
			t.Error("not fresh after a server was asked")
		}
		if spoil(); s.Fresh() {
			t.Errorf("fresh after %s", what)
		}
	}
	s.SetMeta(&prepared.Meta{Epoch: c.Epoch() - 1}) // asked before a table changed, answered after
	if s.Fresh() {
		t.Error("fresh with an older answer")
	}
}

// The cache keeps to its limit as long as there are statements that nobody refers to; those used last stay.
func TestPurge(t *testing.T) {
	const limit = 640
	c := prepared.NewCache()
	held := c.Add(statement(key("held")), limit)
	for i := range 10 * limit {
		c.Add(statement(key(fmt.Sprint("SELECT ", i))), limit).Drop()
		if i%50 == 0 {
			c.Find(key("SELECT 0")).Drop() // never the oldest
		}
	}
	if got := c.Stats().Cached; got > limit+limit/2 || got < limit/2 {
		t.Errorf("%d statements, limit %d", got, limit)
	}
	if c.Find(key("held")) != held {
		t.Error("a statement in use is gone")
	}
	if c.Find(key("SELECT 0")) == nil {
		t.Error("a statement used again and again is gone")
	}
	if c.Find(key("SELECT 1")) != nil {
		t.Error("the oldest is still there")
	}
}

func TestSet(t *testing.T) {
	c := prepared.NewCache()
	a, b := c.Add(statement(key("a")), 1000), c.Add(statement(key("b")), 1000)
	own := c.New(statement(key("own")))
	var one, two prepared.Set
	ina := one.Add(a, 7)
	one.Add(b, 8)
	one.Add(own, 9)
	two.Add(a, 1)
	if one.Get(a) != ina || ina.ID != 7 || one.Len() != 3 || !two.Has(a) || two.Has(b) {
		t.Error("sets are mixed up")
	}
	want := prepared.Stats{ClientTotal: 3, ClientUnique: 2, ServerTotal: 4, ServerUnique: 2, MaxID: 2, Cached: 2}
	check := func(when string) {
		t.Helper()
		got := c.Stats()
		got.Bytes = 0
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", when, diff)
		}
	}
	check("begin")
	if got := one.Oldest(); got.Statement != b {
		t.Errorf("oldest: %s", got.Statement.Text)
	}
	one.Get(b).Held = true
	if got := one.Oldest(); got.Statement != own {
		t.Errorf("oldest that may go: %s", got.Statement.Text)
	}
	one.Remove(ina)
	one.Remove(ina)
	want.ServerTotal = 3
	check("one closed")
	other := c.Add(statement(key("own")), 1000)
	one.Rename(one.Get(own), other)
	own.Drop()
	want.MaxID, want.Cached, want.ClientUnique, want.ServerUnique = 3, 3, 3, 3
	check("shared afterwards")
	one.Forget()
	two.Forget()
	want.ServerTotal, want.ServerUnique = 0, 0
	check("connections gone")
}

func TestTypes(t *testing.T) {
	var in prepared.Instance
	if in.Knows(nil) {
		t.Error("knows types before it was told")
	}
	types := []byte{8, 0, 253, 0}
	in.Told(types)
	types[0] = 3
	if in.Knows(types) || !in.Knows([]byte{8, 0, 253, 0}) {
		t.Error("keeps no copy")
	}
	if in.Untold(); in.Knows([]byte{8, 0, 253, 0}) {
		t.Error("still knows")
	}
}

func TestConcurrently(t *testing.T) {
	c := prepared.NewCache()
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			var set prepared.Set
			for i := range 500 {
				k := key(fmt.Sprint("SELECT ", (i*7+w)%97))
				s := c.Find(k)
				if s == nil {
					s = c.Add(statement(k), 64)
				}
				s.SetMeta(&prepared.Meta{Params: i % 3, Definitions: make([]byte, i%50), Epoch: c.Epoch()})
				if set.Get(s) == nil {
					set.Add(s, uint32(i))
				}
				if in := set.Oldest(); set.Len() > 10 {
					set.Remove(in)
				}
				s.Drop()
			}
			set.Forget()
		})
	}
	wg.Wait()
	got := c.Stats()
	if got.ClientTotal != 0 || got.ServerTotal != 0 || got.Bytes > 1<<20 {
		t.Errorf("left over: %+v", got)
	}
}

func TestNoAllocations(t *testing.T) {
	c := prepared.NewCache()
	s := c.Add(statement(key("SELECT ?")), 1000)
	var set prepared.Set
	set.Add(s, 1)
	k, types := key("SELECT ?"), []byte{8, 0}
	if got := testing.AllocsPerRun(100, func() {
		c.Find(k).Drop()
		in := set.Get(s)
		in.Told(types)
		if !in.Knows(types) || !s.Fresh() && s.Meta() != nil {
			t.Error("lost")
		}
	}); got != 0 {
		t.Errorf("%v allocations", got)
	}
}

func BenchmarkFind(b *testing.B) {
	c := prepared.NewCache()
	for i := range 5000 {
		c.Add(statement(key(fmt.Sprint("SELECT c FROM sbtest WHERE id=? AND x=", i))), 10000)
	}
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		k := key("SELECT c FROM sbtest WHERE id=? AND x=77")
		for pb.Next() {
			c.Find(k).Drop()
		}
	})
}
