package hostgroup

import (
	"sync/atomic"
	"time"

	"github.com/keepsql/keepsql/engine/prepared"
	"github.com/keepsql/keepsql/engine/wire"
)

// Login is who a connection is opened for. Two logins that are equal may share connections.
type Login struct {
	User     string
	Password string // clear
	Stage1   string // SHA1(password) where the clear password is not known; see wire.Account
}

// Conn is a logged-in connection to a server. Between Acquire and Release or Discard it belongs to the caller.
type Conn struct {
	*wire.Conn
	Info *wire.ServerInfo

	// What the caller knows of the session on the server. Acquire prefers a connection whose Schema and StateHash are the
	// wanted ones; State is carried and never looked at.
	// State nil means a session just begun, with collation Charset.
	Schema    string
	Charset   uint16
	StateHash uint64
	State     any
	// Prepared are the statements the caller has prepared on the connection. They end with it, and when it is reset.
	Prepared prepared.Set

	server   *Server
	login    Login
	caps     wire.Capability // as asked for, see Request
	created  time.Time
	lastUse  atomic.Int64 // unix nanoseconds: when it was given back
	lastLife atomic.Int64 // unix nanoseconds: when it was given back, or answered a ping

	cut        atomic.Pointer[string] // why it was closed while lent out
	next, prev *Conn                  // list of those lent out; guarded by server.mu
}

// Kill closes the connection. Only whoever has it may call this; others close the wire.Conn below.
func (c *Conn) Kill() error {
	c.Prepared.Forget()
	return c.Conn.Kill()
}

// Server is where the connection leads.
func (c *Conn) Server() *Server { return c.server }

// Hostgroup is the hostgroup the connection was opened for.
func (c *Conn) Hostgroup() int { return c.server.Hostgroup }

// ThreadID is the connection's number on the server.
func (c *Conn) ThreadID() uint32 { return c.Info.ThreadID }

// Count adds one statement to the server's statistics; sizes are in bytes of payload.
func (c *Conn) Count(sent, received uint64) {
	t := &c.server.traffic
	t.queries.Add(1)
	t.sent.Add(int64(sent))
	t.received.Add(int64(received))
}

// CountAfter adds a statement that went to the server because of what it had executed.
func (c *Conn) CountAfter() { c.server.traffic.after.Add(1) }

// Has reports whether the server is known to have executed something.
func (c *Conn) Has(a *After) bool { return c.server.has(a) }

// Meets reports whether the server is known to be as far as a request with these two would want it.
func (c *Conn) Meets(after *After, lagLimit time.Duration) bool {
	return c.server.meets(after, lagLimit)
}

// fits reports whether the connection can be used for a request at all.
func (c *Conn) fits(r *Request) bool { return c.caps == r.Capabilities && c.login == r.Login }

// Request says what connection is wanted.
type Request struct {
	Hostgroup    int
	Login        Login
	Capabilities wire.Capability // beyond the necessary ones; a connection has been asked for exactly these
	Charset      uint16          // collation id of a new connection
	Schema       string          // preferred
	StateHash    uint64          // preferred
	Fresh        bool            // only a new connection will do
	Compression  Compression     // of a new connection
	After        *After          // what the server must have executed; nil for nothing
	LagLimit     time.Duration   // by which the server's replication may lag behind at most; 0: it does not matter
	Waits        Leaver          // is told before Acquire waits; nil where nobody has to be
}

// Leaver is somebody who must not wait where it is, such as a Task on an event loop.
type Leaver interface{ Leave() }

// leave is called before waiting on behalf of the request.
func (r *Request) leave() {
	if r.Waits != nil {
		r.Waits.Leave()
	}
}

// Compression says whether a new connection is compressed, if its server can.
type Compression byte

// What a request may want of compression.
const (
	CompressionOfServer Compression = iota // what the column compression of its server says
	CompressionOn
	CompressionOff
)
