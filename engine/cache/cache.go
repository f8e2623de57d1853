// Package cache keeps answers to statements: the query cache.
//
// Data flow:
//
//  1. Get looks a statement up by its Key and gives the Entry that was put there, as long as its time to live lasts. It takes
//     the read lock of one shard, copies nothing and does not allocate.
//  2. Put adds an answer. When all answers together exceed the budget, those not asked for longest make room.
//  3. Run removes, a few shards at a time, what nobody asks for any more.
//
// Entries never change, so that they can be sent while they are being replaced. With a soft time to live one caller of Get at a
// time misses an entry that is about to expire, and fetches a new one, while the others still get it.
//
// The package does not know sessions, rules or packets: which statements have an answer worth keeping, and what bytes it is
// made of, is the caller's business.
package cache

import (
	"context"
	"hash/maphash"
	"sync"
	"sync/atomic"
	"time"
)

const (
	shardCount    = 64
	purgeInterval = 500 * time.Millisecond
	purgeShards   = 4 // for each purgeInterval: all of them in 8 seconds
	sample        = 16
	// entryOverhead is what an entry costs beside its bytes: itself and its place in a map.
	entryOverhead = 256
	// lease is how long the one caller that renews an entry may take before another one tries.
	lease = time.Second
)

// Key identifies an answer. Two statements share an answer only if all of it is equal.
type Key struct {
	User, Schema string
	// State stands for the variables of the session that an answer depends on: character set, time zone and so on.
	State uint64
	// Binary tells answers to executed prepared statements, whose rows have another form.
	Binary bool
	// Statement is the text, and what else makes the statement: the values of its parameters. Put copies it.
	Statement []byte
}

// Entry is an answer.
type Entry struct {
	Bytes        []byte // framed packets; not to be changed
	Capabilities uint64 // of the client they were made for
	Rows         uint64

	key     Key
	created int64 // ns since 1970
	expires int64
	renew   atomic.Int64 // until when somebody is busy renewing it
	used    atomic.Int64 // second in which it was last asked for
	size    int64
	hash    uint64
	ttl     int64 // ns
}

// Stats are what the cache did and holds.
type Stats struct {
	Entries int64
	Bytes   int64  // memory of all entries
	Purged  uint64 // entries that expired or made room
}

// Cache is a query cache. Make it with New.
type Cache struct {
	seed    maphash.Seed
	budget  atomic.Int64
	softPct atomic.Int64
	bytes   atomic.Int64
	entries atomic.Int64
	purged  atomic.Uint64
	turn    atomic.Uint32 // where room is made next
	shards  [shardCount]shard
}

type shard struct {
	mu      sync.RWMutex // guards entries
	entries map[uint64]*Entry
	_       [32]byte
}

// New makes an empty cache of the given budget in bytes. A budget of 0 keeps nothing.
func New(budget int64) *Cache {
	c := &Cache{seed: maphash.MakeSeed()}
	c.budget.Store(budget)
	return c
}

// SetBudget changes the budget; a smaller one takes effect with the next Put.
func (c *Cache) SetBudget(bytes int64) { c.budget.Store(bytes) }

// SetSoftTTL sets the share of the time to live, in percent, after which an entry is renewed while it still serves; 0 is off.
func (c *Cache) SetSoftTTL(percent int) { c.softPct.Store(int64(percent)) }

// Get finds an answer that is not older than its time to live; nil without one.
func (c *Cache) Get(k *Key, now time.Time) *Entry {
	h := c.hash(k)
	s := &c.shards[h>>58]
	s.mu.RLock()
	e := s.entries[h]
	s.mu.RUnlock()
	at := now.UnixNano()
	if e == nil || at >= e.expires || !e.key.equal(k) || c.renewedByCaller(e, at) {
		return nil
	}
	if sec := now.Unix(); e.used.Load() != sec {
		e.used.Store(sec)
	}
	return e
}

// renewedByCaller reports whether the caller is the one to renew an entry.
func (c *Cache) renewedByCaller(e *Entry, at int64) bool {
	pct := c.softPct.Load()
	if pct == 0 || pct >= 100 || at < e.created+e.ttl/100*pct {
		return false
	}
	busy := e.renew.Load()
	return at >= busy && e.renew.CompareAndSwap(busy, at+int64(lease))
}

// Put keeps an answer for the time to live, in place of an older one. It reports false for an answer that is larger than the
// whole budget. It takes answer over.
func (c *Cache) Put(k *Key, answer []byte, capabilities, rows uint64, ttl time.Duration, now time.Time) bool {
	e := &Entry{
		Bytes: answer, Capabilities: capabilities, Rows: rows, key: *k,
		created: now.UnixNano(), expires: now.Add(ttl).UnixNano(), ttl: int64(ttl), hash: c.hash(k),
	}
	e.key.Statement = append([]byte(nil), k.Statement...)
	e.size = int64(cap(answer)+len(k.Statement)+len(k.User)+len(k.Schema)) + entryOverhead
	if e.size > c.budget.Load() {
		return false
	}
	e.used.Store(now.Unix())
	s := &c.shards[e.hash>>58]
	s.mu.Lock()
	if s.entries == nil {
		s.entries = map[uint64]*Entry{}
	}
	if old := s.entries[e.hash]; old != nil {
		c.remove(s, old)
	}
	s.entries[e.hash] = e
	c.bytes.Add(e.size)
	c.entries.Add(1)
	s.mu.Unlock()
	c.makeRoom(now)
	return true
}

// remove takes an entry out, with the lock of its shard held.
func (c *Cache) remove(s *shard, e *Entry) {
	delete(s.entries, e.hash)
	c.bytes.Add(-e.size)
	c.entries.Add(-1)
}

// makeRoom removes entries, shard after shard in turn, until the rest fits the budget.
func (c *Cache) makeRoom(now time.Time) {
	for empty := 0; empty < shardCount && c.bytes.Load() > c.budget.Load(); {
		s := &c.shards[c.turn.Add(1)%shardCount]
		s.mu.Lock()
		e := s.leastUsed(now.UnixNano())
		if e == nil {
			empty++
		} else {
			empty = 0
			c.remove(s, e)
			c.purged.Add(1)
		}
		s.mu.Unlock()
	}
}

// leastUsed is an entry that has expired, or the one not used for longest of a few taken at random: maps are walked in random
// order.
func (s *shard) leastUsed(at int64) *Entry {
	var found *Entry
	looked := 0
	for _, e := range s.entries {
		if at >= e.expires {
			return e
		}
		if found == nil || e.used.Load() < found.used.Load() {
			found = e
		}
		if looked++; looked == sample {
			break
		}
	}
	return found
}

// Run removes entries that have expired, until ctx ends.
func (c *Cache) Run(ctx context.Context) {
	t := time.NewTicker(purgeInterval)
	defer t.Stop()
	for next := 0; ; {
		select {
		case <-ctx.Done():
			return
		case now := <-t.C:
			if c.entries.Load() == 0 {
				continue
			}
			for range purgeShards {
				c.purge(&c.shards[next], now.UnixNano())
				next = (next + 1) % shardCount
			}
		}
	}
}

func (c *Cache) purge(s *shard, at int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range s.entries {
		if at >= e.expires {
			c.remove(s, e)
			c.purged.Add(1)
		}
	}
}

// Flush removes everything.
func (c *Cache) Flush() {
	for i := range c.shards {
		s := &c.shards[i]
		s.mu.Lock()
		for _, e := range s.entries {
			c.remove(s, e)
		}
		s.entries = nil
		s.mu.Unlock()
	}
}

// Stats gives the present figures.
func (c *Cache) Stats() Stats {
	return Stats{Entries: c.entries.Load(), Bytes: c.bytes.Load(), Purged: c.purged.Load()}
}

func (c *Cache) hash(k *Key) uint64 {
	const odd = 0x9e3779b97f4a7c15 // 2^64 divided by the golden ratio
	h := maphash.Bytes(c.seed, k.Statement)
	h = (h^maphash.String(c.seed, k.User))*odd ^ k.State
	h = (h^maphash.String(c.seed, k.Schema))*odd + 1
	if k.Binary {
		h = ^h
	}
	return h ^ h>>29
}

func (k *Key) equal(o *Key) bool {
	return string(k.Statement) == string(o.Statement) && k.User == o.User && k.Schema == o.Schema && k.State == o.State &&
		k.Binary == o.Binary
}
