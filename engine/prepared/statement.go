package prepared

import (
	"bytes"
	"sync/atomic"

	"github.com/keepsql/keepsql/engine/digest"
	"github.com/keepsql/keepsql/engine/setting"
)

// Key is what statements must have in common to be the same.
type Key struct {
	User      string
	Schema    string
	Hostgroup int            // where the rules sent it
	Vars      *setting.State // of the session; of it only what a server parses by, see setting.State.Parsing
	Text      []byte
}

// Statement is one prepared statement. All but its counters and what a server told of it never changes.
type Statement struct {
	ID        uint64 // upstream's global_stmt_id; 0 for one that is not in the cache
	User      string
	Schema    string
	Hostgroup int
	Vars      *setting.State
	Text      []byte // as servers get it
	Comment   []byte // the first comment in Text

	// What the text is, see package digest.
	DigestText []byte
	Digest     uint64
	Class      digest.CommandClass
	Traits     uint16 // the caller's

	meta    atomic.Pointer[Meta]
	stale   atomic.Bool
	clients atomic.Int32
	servers atomic.Int32
	used    atomic.Int64 // turn of the cache at the last Find

	cache *Cache
	hash  uint64
	next  *Statement // with the same hash; under the shard's lock
}

// Meta is what a server told of a statement.
type Meta struct {
	Params  int
	Columns int
	// Definitions are the payloads of the column definition packets, each behind its length in three bytes, lowest first.
	Definitions []byte
	// Epoch is the epoch of the cache when the server was asked.
	Epoch uint64
}

// Meta gives what the last server asked told of the statement; nil if none was.
func (s *Statement) Meta() *Meta { return s.meta.Load() }

// SetMeta replaces it.
func (s *Statement) SetMeta(m *Meta) {
	if old := s.meta.Swap(m); s.ID != 0 {
		s.cache.bytes.Add(int64(m.size() - old.size()))
	}
	s.stale.Store(false)
}

func (m *Meta) size() int {
	if m == nil {
		return 0
	}
	return len(m.Definitions) + 48
}

// Spoil marks what is known of the columns as outdated: the next COM_STMT_PREPARE asks a server.
func (s *Statement) Spoil() { s.stale.Store(true) }

// Fresh reports whether a client can be answered without a server.
func (s *Statement) Fresh() bool {
	m := s.meta.Load()
	return m != nil && !s.stale.Load() && m.Epoch == s.cache.epoch.Load()
}

// Clients is how many client statements refer to the statement.
func (s *Statement) Clients() int { return int(s.clients.Load()) }

// Servers is on how many server connections the statement exists.
func (s *Statement) Servers() int { return int(s.servers.Load()) }

// Drop ends the reference of one client.
func (s *Statement) Drop() {
	s.clients.Add(-1)
	s.cache.clients.Add(-1)
}

// Private gives a statement of the same text that is shared with nobody; the caller counts as its client.
func (s *Statement) Private() *Statement {
	p := &Statement{
		User: s.User, Schema: s.Schema, Hostgroup: s.Hostgroup, Vars: s.Vars, Text: s.Text, Comment: s.Comment,
		DigestText: s.DigestText, Digest: s.Digest, Class: s.Class, Traits: s.Traits, cache: s.cache,
	}
	if m := s.meta.Load(); m != nil {
		p.meta.Store(m)
	}
	p.clients.Add(1)
	p.cache.clients.Add(1)
	return p
}

// Size is about how many bytes the statement takes.
func (s *Statement) Size() int {
	return 320 + len(s.Text) + len(s.DigestText) + s.meta.Load().size()
}

func (s *Statement) is(k *Key) bool {
	return s.User == k.User && s.Schema == k.Schema && s.Hostgroup == k.Hostgroup &&
		s.Vars.Parsing() == k.Vars.Parsing() && bytes.Equal(s.Text, k.Text)
}
