package proxy

import (
	"time"

	"github.com/keepsql/keepsql/engine/digest"
	"github.com/keepsql/keepsql/engine/eventlog"
	"github.com/keepsql/keepsql/engine/hostgroup"
	"github.com/keepsql/keepsql/engine/prepared"
	"github.com/keepsql/keepsql/engine/rule"
	"github.com/keepsql/keepsql/engine/wire"
)

// statement is one statement on its way, with the memory its evaluation needs. It is lent out per statement, so that idle
// sessions hold none.
type statement struct {
	command wire.Command
	payload []byte // the command packet as it will be sent: first byte and text, or the binary form
	sql     []byte // the text
	start   time.Time

	text   []byte // digest text
	hash   uint64
	class  digest.CommandClass
	traits trait

	hostgroup int
	timeout   time.Duration
	retries   int
	multiplex int                 // of the rules, rule.Unset for none
	fresh     bool                // a hint wants a new connection
	prep      *prepared.Statement // executed, or being prepared
	client    *clientStatement    // executed, or just prepared
	again     bool                // the server has been told of prep once more
	binds     bool                // a SET that binds the session to where it is executed
	opaque    bool                // a SET that changes what is not followed
	uploads   bool                // a LOAD DATA LOCAL whose file the client may be asked for

	keep     keeping
	digester digest.Digester
	query    rule.Query
	decision rule.Decision
	hints    rule.Annotations
	packet   []byte // a rewritten command packet
	cacheKey []byte
	row      digest.Row
	request  hostgroup.Request
	wants    *hostgroup.After // what its server must have executed: nil, or after
	after    hostgroup.After
	lagLimit time.Duration // max_lag_ms; 0 for none
	refusal  *wire.Error   // what is wrong with its hints
	relaying translation
	event    eventlog.Event
	server   string // that answered, for the events log
	failed   bool   // the proxy answered with an error
}

// statementID is the client's number of a prepared statement, 0 for others.
func (st *statement) statementID() uint32 {
	if st.client == nil {
		return 0
	}
	return st.client.id
}

// scratch is what the proxy's pool holds.
type scratch = statement

// maxKeptText is how much memory for texts a pooled statement keeps, in bytes.
const maxKeptText = 128 << 10

// statement lends a statement out; give it back with done.
func (s *session) statement(command wire.Command, payload []byte) *statement {
	st := s.p.scratch.Get().(*statement)
	st.command, st.payload, st.sql, st.start = command, payload, nil, s.p.now()
	st.hostgroup, st.timeout, st.retries, st.multiplex, st.fresh, st.binds = -1, 0, 0, rule.Unset, false, false
	st.opaque, st.again, st.uploads = false, false, false
	st.keep.on, st.server, st.failed = false, "", false
	st.wants, st.lagLimit, st.refusal, s.gtids.fresh = nil, 0, nil, false
	st.hints, st.decision.DestinationHostgroup = noHints, rule.Unset
	return st
}

// noHints is a statement without comment.
var noHints = func() (a rule.Annotations) {
	rule.ParseAnnotations(nil, &a)
	return a
}()

func (s *session) done(st *statement) {
	s.view.detach()
	st.payload, st.sql, st.prep, st.client, st.query = nil, nil, nil, nil, rule.Query{}
	st.request = hostgroup.Request{} // has a password
	st.keep.reset()
	st.relaying.reset()
	if cap(st.text) > maxKeptText || cap(st.packet) > maxKeptText {
		st.text, st.packet, st.cacheKey = nil, nil, nil
	}
	s.p.scratch.Put(st)
}

// parse takes the text of a statement and works out what it is. The digest is made even where query_digests is off:
// keeping the right connections depends on it.
func (st *statement) parse(sql []byte, o *digest.Options) (comment []byte) {
	st.sql = sql
	st.text, comment = st.digester.Append(st.text[:0], sql, o)
	st.hash = digest.Hash(st.text, o)
	st.class = digest.Class(st.text)
	st.traits = traitsOf(st.text)
	return comment
}

// plainRead reports whether the statement reads and does nothing else that anybody could notice.
func (st *statement) plainRead() bool {
	const more = traitLocking | traitInto | traitGetLock | traitSeveral | traitUserVariable | traitAutocommit
	return st.class == digest.CommandSelect && st.traits&more == 0
}

// repeatable reports whether the statement may be executed once more after a server was lost.
func (st *statement) repeatable() bool {
	return st.plainRead() || st.traits&traitSeveral == 0 &&
		(st.class == digest.CommandShow || st.class == digest.CommandDescribe || st.class == digest.CommandShowTableStatus)
}
