package proxy

import (
	"time"

	"github.com/keepsql/keepsql/engine/cache"
	"github.com/keepsql/keepsql/engine/digest"
	"github.com/keepsql/keepsql/engine/rule"
	"github.com/keepsql/keepsql/engine/stats"
	"github.com/keepsql/keepsql/engine/wire"
)

// keeping is a statement's part in the query cache: its key, and its answer while that is collected.
type keeping struct {
	key   cache.Key
	on    bool // the answer is to be put into the cache
	most  int  // bytes an answer may have
	bytes []byte
}

// add collects what the client was sent.
func (k *keeping) add(sent []byte) {
	switch {
	case !k.on:
	case len(k.bytes)+len(sent) > k.most:
		k.on, k.bytes = false, nil
	default:
		k.bytes = append(k.bytes, sent...)
	}
}

// reset forgets a statement; a small buffer stays.
func (k *keeping) reset() {
	k.key, k.on = cache.Key{}, false
	if cap(k.bytes) > maxKeptText {
		k.bytes = nil
	}
	k.bytes = k.bytes[:0]
}

// fromCache answers a statement from the query cache. Where the answer is not there yet it sees to it that it will be.
func (s *session) fromCache(st *statement, set *settings, now time.Time) (done bool, err error) {
	ttl := numberOf(st.hints.CacheTTL, st.decision.CacheTTL)
	if ttl <= 0 || st.wants != nil || st.lagLimit > 0 || !s.cacheable(st) { // nobody knows what an answer in the cache comes after
		return false, nil
	}
	inTrx := s.transaction() >= 0 || !s.wanted(st, nil, set).Autocommit()
	if inTrx && !s.p.extras.Load().cacheInTrx {
		return false, nil
	}
	st.keep.key = cache.Key{
		User: s.user.name, Schema: s.schema, State: s.reads.Hash(), Binary: st.command == wire.ComStmtExecute, Statement: st.cacheText(),
	}
	s.shard.Add(stats.QueryCacheGet, 1)
	e := s.p.cache.Get(&st.keep.key, now)
	if e == nil {
		st.keep.on, st.keep.most = !inTrx, set.cacheMost
		return false, nil
	}
	s.shard.Add(stats.QueryCacheGetOK, 1)
	s.shard.Add(stats.QueryCacheBytesOut, uint64(len(e.Bytes)))
	if err := s.sendCached(e, st.command); err != nil {
		return true, errSession
	}
	s.warned = -1
	s.last.affected, s.last.rows, s.last.unknown, s.last.err = -1, e.Rows, false, nil
	s.record(st, set, -1, 0, e.Rows)
	return true, nil
}

// cacheText is what makes the statement, as part of its key: the text, and the parameters where it is executed. Types that
// come with them are noted for executions that come without.
func (st *statement) cacheText() []byte {
	cs := st.client
	if cs == nil {
		return st.sql
	}
	const id = 5 // command and number of the statement
	p := st.payload
	k := append(append(st.cacheKey[:0], st.sql...), 0)
	flag, size := cs.paramTypes(p)
	values := p[len(p):]
	switch {
	case flag == 0: // no parameters
		flag = len(p)
	case p[flag] != 0:
		cs.types = append(cs.types[:0], p[flag+1:flag+1+size]...)
		values = p[flag+1+size:]
	default:
		values = p[flag+1:]
	}
	st.cacheKey = append(append(append(k, cs.types...), p[id:flag]...), values...)
	return st.cacheKey
}

// cacheable reports whether a statement's answer depends on nothing but its key: it reads, and neither it nor the session has
// to do with anything that only one server connection has.
func (s *session) cacheable(st *statement) bool {
	const personal = traitLocking | traitInto | traitGetLock | traitReleaseLocks | traitSeveral | traitUserVariable | traitInsertID |
		traitFoundRows | traitAskFoundRows | traitDiagnostics | traitAutocommit
	if st.traits&personal != 0 || !st.reads() || s.lockedOn >= 0 || s.user.fastForward || s.once != "" {
		return false
	}
	for i := range s.backends {
		if b := &s.backends[i]; !b.inTrx && b.stateful() {
			return false
		}
	}
	return true
}

// reads reports whether a statement is of a kind that changes nothing.
func (st *statement) reads() bool {
	switch st.class {
	case digest.CommandSelect, digest.CommandShow, digest.CommandShowTableStatus, digest.CommandDescribe:
		return true
	case digest.CommandUnknown, digest.CommandExplain:
		return beginsWith(st.text, "with ") || beginsWith(st.text, "explain ") || beginsWith(st.text, "desc ") ||
			beginsWith(st.text, "values ") || beginsWith(st.text, "table ")
	}
	return false
}

// sendCached sends an answer, in the form the client understands.
func (s *session) sendCached(e *cache.Entry, cmd wire.Command) error {
	b := e.Bytes
	caps := wire.Capability(e.Capabilities)
	if s.transaction() >= 0 {
		b = wire.WithStatus(append([]byte(nil), b...), caps, wire.StatusInTrans)
	}
	if !wire.Compatible(caps, s.caps) {
		var t wire.Translator
		t.Reset(cmd, caps, s.caps, s.status())
		out, _, _, err := t.Feed(nil, b)
		if err != nil {
			return err
		}
		b = out
	}
	if err := s.client.WriteRaw(b); err != nil {
		return err
	}
	s.shard.Add(stats.FrontendBytesSent, uint64(len(b)))
	return nil
}

// store puts the answer that was just passed on into the cache, if it is one to keep.
func (s *session) store(st *statement, set *settings) {
	k := &st.keep
	if !k.on {
		return
	}
	a := &s.answer
	empty := set.cacheEmpty
	if n := st.decision.CacheEmptyResult; n != rule.Unset {
		empty = n == 1
	}
	const unfit = wire.StatusInTrans | wire.StatusCursorExists | wire.StatusMoreResults | wire.StatusSessionStateChanged
	if a.Kind != wire.KindRows || a.Err != nil || a.Results != 1 || a.Status&unfit != 0 || s.view.outcome() != goOn ||
		a.Warnings > 0 && !set.cacheWarnings || a.Rows == 0 && !empty {
		return
	}
	ttl := time.Duration(numberOf(st.hints.CacheTTL, st.decision.CacheTTL)) * time.Millisecond
	if s.p.cache.Put(&k.key, append([]byte(nil), k.bytes...), uint64(s.caps), a.Rows, ttl, s.p.now()) {
		s.shard.Add(stats.QueryCacheSet, 1)
		s.shard.Add(stats.QueryCacheBytesIn, uint64(len(k.bytes)))
	}
}

// FlushCache empties the query cache (PROXYSQL FLUSH QUERY CACHE).
func (p *Proxy) FlushCache() { p.cache.Flush() }
