package prepared

import (
	"cmp"
	"hash/maphash"
	"slices"
	"sync"
	"sync/atomic"
)

// shards of the cache; sessions that prepare at the same time mostly meet different ones.
const shards = 32

// maxBytes bounds the memory of statements that no client refers to, in bytes over all shards.
const maxBytes = 64 << 20

// Cache has the statements.
type Cache struct {
	seed    maphash.Seed
	ids     atomic.Uint64
	turn    atomic.Int64 // counts calls of Find and Add
	epoch   atomic.Uint64
	count   atomic.Int64
	bytes   atomic.Int64
	clients atomic.Int64 // references of clients, private statements included
	servers atomic.Int64 // statements on server connections, likewise

	shards [shards]shard
}

type shard struct {
	mu     sync.Mutex // guards what follows
	byHash map[uint64]*Statement
	count  int
	_      [40]byte
}

// NewCache makes an empty cache.
func NewCache() *Cache {
	c := &Cache{seed: maphash.MakeSeed()}
	for i := range c.shards {
		c.shards[i].byHash = map[uint64]*Statement{}
	}
	return c
}

func (c *Cache) hash(k *Key) uint64 {
	var h maphash.Hash
	h.SetSeed(c.seed)
	h.Write(k.Text)
	h.WriteString(k.Schema)
	h.WriteByte(0)
	h.WriteString(k.User)
	n := k.Vars.Parsing() ^ uint64(k.Hostgroup)
	for range 8 {
		h.WriteByte(byte(n))
		n >>= 8
	}
	return h.Sum64()
}

// Find gives the statement of a key and counts the caller as a client of it; nil where there is none. It does not allocate.
func (c *Cache) Find(k *Key) *Statement {
	hash := c.hash(k)
	sh := &c.shards[hash%shards]
	sh.mu.Lock()
	defer sh.mu.Unlock()
	return c.find(sh, hash, k)
}

func (c *Cache) find(sh *shard, hash uint64, k *Key) *Statement {
	for s := sh.byHash[hash]; s != nil; s = s.next {
		if s.is(k) {
			s.used.Store(c.turn.Add(1))
			s.clients.Add(1)
			c.clients.Add(1)
			return s
		}
	}
	return nil
}

// Add puts a statement into the cache, with a number, and counts the caller as a client of it. Where another session was
// faster it gives that one's statement instead. Beyond limit statements, those that no client refers to have to go, the
// longest unused ones first.
func (c *Cache) Add(s *Statement, limit int) *Statement {
	k := Key{User: s.User, Schema: s.Schema, Hostgroup: s.Hostgroup, Vars: s.Vars, Text: s.Text}
	hash := c.hash(&k)
	sh := &c.shards[hash%shards]
	sh.mu.Lock()
	defer sh.mu.Unlock()
	if known := c.find(sh, hash, &k); known != nil {
		return known
	}
	s.cache, s.hash = c, hash
	s.ID = c.ids.Add(1)
	s.used.Store(c.turn.Add(1))
	s.clients.Add(1)
	c.clients.Add(1)
	c.count.Add(1)
	c.bytes.Add(int64(s.Size()))
	s.next = sh.byHash[hash]
	sh.byHash[hash] = s
	sh.count++
	if int(c.count.Load()) > limit || c.bytes.Load() > maxBytes {
		c.purge(sh, limit)
	}
	return s
}

// New makes a statement that is in no cache but counted like the others; the caller counts as its client.
func (c *Cache) New(s *Statement) *Statement {
	s.cache = c
	s.clients.Add(1)
	c.clients.Add(1)
	return s
}

// purge makes room in a shard, with its lock held: a tenth at a time, so that not every Add has to look for some.
func (c *Cache) purge(sh *shard, limit int) {
	var idle []*Statement
	for _, s := range sh.byHash {
		for ; s != nil; s = s.next {
			if s.clients.Load() == 0 {
				idle = append(idle, s)
			}
		}
	}
	slices.SortFunc(idle, func(a, b *Statement) int { return cmp.Compare(a.used.Load(), b.used.Load()) })
	n := max(1, sh.count-limit/shards+limit/shards/10)
	for _, s := range idle[:min(n, len(idle))] {
		c.remove(sh, s)
	}
}

// remove takes a statement out, with the shard's lock held. Server connections may keep it until they need its place.
func (c *Cache) remove(sh *shard, s *Statement) {
	at := sh.byHash[s.hash]
	if at == s {
		if s.next == nil {
			delete(sh.byHash, s.hash)
		} else {
			sh.byHash[s.hash] = s.next
		}
	} else {
		for at.next != s {
			at = at.next
		}
		at.next = s.next
	}
	s.next = nil
	sh.count--
	c.count.Add(-1)
	c.bytes.Add(-int64(s.Size()))
}

// Epoch counts what may have changed tables: see Changed.
func (c *Cache) Epoch() uint64 { return c.epoch.Load() }

// Changed is called after a statement that may have changed a table. Nothing known of columns before is Fresh afterwards.
func (c *Cache) Changed() { c.epoch.Add(1) }

// All lists the statements by number.
func (c *Cache) All() []*Statement {
	var out []*Statement
	for i := range c.shards {
		sh := &c.shards[i]
		sh.mu.Lock()
		for _, s := range sh.byHash {
			for ; s != nil; s = s.next {
				out = append(out, s)
			}
		}
		sh.mu.Unlock()
	}
	slices.SortFunc(out, func(a, b *Statement) int { return cmp.Compare(a.ID, b.ID) })
	return out
}

// Stats are the counters of stats_mysql_global, see there.
type Stats struct {
	ClientTotal, ClientUnique uint64
	ServerTotal, ServerUnique uint64
	MaxID, Cached             uint64
	Bytes                     uint64 // about, of the statements in the cache
}

// Stats sums up.
func (c *Cache) Stats() Stats {
	out := Stats{
		ClientTotal: uint64(max(0, c.clients.Load())), ServerTotal: uint64(max(0, c.servers.Load())),
		MaxID: c.ids.Load(), Bytes: uint64(max(0, c.bytes.Load())),
	}
	for _, s := range c.All() {
		out.Cached++
		if s.Clients() > 0 {
			out.ClientUnique++
		}
		if s.Servers() > 0 {
			out.ServerUnique++
		}
	}
	return out
}
