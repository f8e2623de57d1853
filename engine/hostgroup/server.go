package hostgroup

import (
	"fmt"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// Key identifies a server: the primary key of mysql_servers.
type Key struct {
	Hostgroup int
	Host      string
	Port      int // 0: Host is the path of a unix socket
}

// Addr gives network and address to connect to.
func (k Key) Addr() (network, addr string) {
	if k.Port == 0 {
		return "unix", k.Host
	}
	return "tcp", net.JoinHostPort(k.Host, strconv.Itoa(k.Port))
}

// String gives host:port, as messages name a server.
func (k Key) String() string { return fmt.Sprintf("%s:%d", k.Host, k.Port) }

// Server is one backend server in one hostgroup, for as long as anybody uses it.
type Server struct {
	Key
	group *group
	conf  atomic.Pointer[serverConf]

	used    atomic.Int32  // connections lent out or being opened; changed with mu held
	bars    atomic.Uint32 // why it is shunned, a sum of bar values; changed with mu held
	tending atomic.Bool   // a goroutine looks after its free connections
	traffic traffic
	behind  atomic.Int64 // nanoseconds of replication lag, as the monitor saw it last
	replica atomic.Bool  // by what the monitor saw last

	mu      sync.Mutex // guards what follows
	idle    []*Conn    // the last one was used last
	lent    *Conn      // list of those that are lent out
	shun    shun
	outage  outage // while barMissing is up
	lag     time.Duration
	warm    *Request // whom connections were opened for last; nil for nobody yet
	maxUsed int32
}

// A bar keeps new work off a server that is ONLINE by configuration.
const (
	barErrors  = 1 << iota // connect errors; ends by time
	barMissing             // heartbeats are missing; the monitor ends it
	barLag                 // replication is late; the monitor ends it
	barSpare               // a writer more than max_writers allows; the monitor ends it
)

// outage is what the monitor found of a server that does not answer.
type outage struct {
	since time.Time
	cause string
}

// raise puts a bar up or takes it away, with mu held, and reports whether that changed anything.
func (s *Server) raise(bar uint32, up bool) bool {
	before := s.bars.Load()
	after := before &^ bar
	if up {
		after |= bar
	}
	s.bars.Store(after)
	return before != after
}

// serverConf is what the snapshot says of a server. It never changes.
type serverConf struct {
	status         Status // as configured; SHUNNED counts as ONLINE
	weight         int
	maxConnections int
	useTLS         bool
	compress       bool                 // compression
	gtidPort       int                  // 0: nobody tells what it has executed
	feed           *feed                // who does; nil for nobody
	maxLatency     time.Duration        // 0: mysql-default_max_latency_ms
	tls            map[string]tlsChoice // of mysql_servers_ssl_params, by user; "" is everybody
}

// traffic counts what a server was used for, since the start or the last reset.
type traffic struct {
	connOK, connErr atomic.Int64
	queries         atomic.Int64
	after           atomic.Int64 // queries that were sent here because of what the server had executed
	sent, received  atomic.Int64 // payload bytes of statements and answers
	latency         atomic.Int64 // mean of the monitor's pings, µs
	_               [8]byte
}

// Status is the state of a server as upstream names it.
type Status int

// The states of a server.
const (
	Online Status = iota
	Shunned
	OfflineSoft
	OfflineHard
	ShunnedLag
)

var statusNames = [...]string{
	Online: "ONLINE", Shunned: "SHUNNED", OfflineSoft: "OFFLINE_SOFT", OfflineHard: "OFFLINE_HARD", ShunnedLag: "SHUNNED_REPLICATION_LAG",
}

// String gives upstream's name of the state.
func (s Status) String() string { return statusNames[s] }

// Status tells the state in force: the configured one, or why the server is shunned.
func (s *Server) Status() Status {
	status := s.conf.Load().status
	switch bars := s.bars.Load(); {
	case status != Online || bars == 0:
		return status
	case bars == barLag:
		return ShunnedLag
	}
	return Shunned
}

// usable reports whether new work may go to the server.
func (s *Server) usable() bool { return s.conf.Load().status == Online && s.bars.Load() == 0 }

// full reports whether the server has as many connections in use as it may.
func (s *Server) full() bool { return int(s.used.Load()) >= s.conf.Load().maxConnections }
