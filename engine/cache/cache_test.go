package cache_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keepsql/keepsql/engine/cache"
)

var start = time.Unix(1_800_000_000, 0)

func key(text string) *cache.Key {
	return &cache.Key{User: "app", Schema: "shop", State: 7, Statement: []byte(text)}
}

func answerOf(e *cache.Entry) string {
	if e == nil {
		return "miss"
	}
	return string(e.Bytes)
}

func TestKeysAndTime(t *testing.T) {
	c := cache.New(1 << 20)
	c.Put(key("SELECT 1"), []byte("one"), 5, 1, time.Second, start)
	for name, test := range map[string]struct {
		key  cache.Key
		at   time.Duration
		want string
	}{
		"same":              {*key("SELECT 1"), 0, "one"},
		"just before":       {*key("SELECT 1"), time.Second - 1, "one"},
		"expired":           {*key("SELECT 1"), time.Second, "miss"},
		"another statement": {*key("SELECT 2"), 0, "miss"},
		"another user":      {cache.Key{User: "b", Schema: "shop", State: 7, Statement: []byte("SELECT 1")}, 0, "miss"},
		"another schema":    {cache.Key{User: "app", Schema: "b", State: 7, Statement: []byte("SELECT 1")}, 0, "miss"},
		"another state":     {cache.Key{User: "app", Schema: "shop", State: 8, Statement: []byte("SELECT 1")}, 0, "miss"},
		"binary": {cache.Key{User: "app", Schema: "shop", State: 7, Binary: true, Statement: []byte("SELECT 1")},
			0, "miss"},
	} {
		if got := answerOf(c.Get(&test.key, start.Add(test.at))); got != test.want {
			t.Errorf("%s: got %s, want %s", name, got, test.want)
		}
	}
	c.Put(key("SELECT 1"), []byte("two"), 5, 1, time.Second, start)
	if got := answerOf(c.Get(key("SELECT 1"), start)); got != "two" {
		t.Errorf("replaced: got %s", got)
	}
	if got := c.Stats().Entries; got != 1 {
		t.Errorf("entries: got %d, want 1", got)
	}
	c.Flush()
	if d := cmp.Diff(cache.Stats{}, c.Stats()); d != "" {
		t.Error("after flush:", d)
	}
}

func TestStatementIsCopied(t *testing.T) {
	c := cache.New(1 << 20)
	k := key("SELECT 1")
	c.Put(k, []byte("one"), 0, 1, time.Second, start)
	copy(k.Statement, "XXXXXX")
	if got := answerOf(c.Get(key("SELECT 1"), start)); got != "one" {
		t.Errorf("got %s", got)
	}
}

func TestSoftTTL(t *testing.T) {
	c := cache.New(1 << 20)
	c.SetSoftTTL(50)
	c.Put(key("q"), []byte("old"), 0, 1, 10*time.Second, start)
	at := func(d time.Duration) string { return answerOf(c.Get(key("q"), start.Add(d))) }
	got := []string{at(4 * time.Second), at(5 * time.Second), at(5 * time.Second), at(5500 * time.Millisecond),
		at(6 * time.Second), at(6 * time.Second)}
	// the first caller after half of the time renews; when it does not come back another one tries
	if d := cmp.Diff([]string{"old", "miss", "old", "old", "miss", "old"}, got); d != "" {
		t.Error(d)
	}
	c.Put(key("q"), []byte("new"), 0, 1, 10*time.Second, start.Add(6*time.Second))
	if got := at(7 * time.Second); got != "new" {
		t.Errorf("renewed: got %s", got)
	}
}

func TestBudget(t *testing.T) {
	const budget = 100_000
	c := cache.New(budget)
	used := key("statement 0")
	for i := range 1000 {
		c.Put(key(fmt.Sprint("statement ", i)), make([]byte, 1000), 0, 1, time.Hour, start.Add(time.Duration(i)*time.Second))
		if c.Get(used, start.Add(time.Duration(i)*time.Second)) == nil && i < 20 {
			t.Fatalf("what was asked for was removed after %d entries", i)
		}
		if got := c.Stats().Bytes; got > budget {
			t.Fatalf("%d bytes, more than the budget", got)
		}
	}
	s := c.Stats()
	if s.Entries < 60 || uint64(s.Entries)+s.Purged != 1000 {
		t.Errorf("entries %d, purged %d", s.Entries, s.Purged)
	}
	if c.Put(key("large"), make([]byte, budget), 0, 1, time.Hour, start) {
		t.Error("an answer larger than the budget was kept")
	}
	c.SetBudget(0)
	if c.Put(key("small"), []byte("x"), 0, 1, time.Hour, start) {
		t.Error("an answer was kept without a budget")
	}
}

func TestPurge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := cache.New(1 << 20)
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() { c.Run(ctx) })
		for i := range 100 {
			c.Put(key(fmt.Sprint(i)), []byte("x"), 0, 1, time.Second, time.Now())
		}
		c.Put(key("stays"), []byte("x"), 0, 1, time.Hour, time.Now())
		time.Sleep(10 * time.Second)
		if s := c.Stats(); s.Entries != 1 || s.Purged != 100 {
			t.Errorf("entries %d, purged %d; want 1 and 100", s.Entries, s.Purged)
		}
		cancel()
		wg.Wait()
	})
}

// Everything at once, for the race detector.
func TestConcurrent(t *testing.T) {
	c := cache.New(50_000)
	c.SetSoftTTL(10)
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 2000 {
				now := start.Add(time.Duration(i) * time.Millisecond)
				text := fmt.Sprint((g*i)%150, " text")
				if e := c.Get(key(text), now); e == nil {
					c.Put(key(text), []byte(text), 0, 1, 50*time.Millisecond, now)
				} else if string(e.Bytes) != text {
					t.Errorf("got %s for %s", e.Bytes, text)
				}
				if i == 1000 && g == 0 {
					c.Flush()
				}
			}
		})
	}
	wg.Wait()
	if s := c.Stats(); s.Bytes > 50_000 || s.Bytes < 0 || s.Entries < 0 {
		t.Errorf("stats %+v", s)
	}
}

func TestHitDoesNotAllocate(t *testing.T) {
	c := cache.New(1 << 20)
	k := key("SELECT c FROM sbtest1 WHERE id=50042")
	c.Put(k, []byte("x"), 0, 1, time.Hour, start)
	if n := testing.AllocsPerRun(1000, func() {
		if c.Get(k, start) == nil {
			t.Fatal("miss")
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkHit(b *testing.B) {
	c := cache.New(1 << 30)
	for i := range 10_000 {
		c.Put(key(fmt.Sprint("SELECT c FROM sbtest1 WHERE id=", i)), make([]byte, 300), 0, 1, time.Hour, start)
	}
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		k := key("SELECT c FROM sbtest1 WHERE id=5042")
		for pb.Next() {
			if c.Get(k, start) == nil {
				b.Fail()
			}
		}
	})
}
