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

	used    atomic.Int32 // connections lent out or being opened; changed with mu held
	shunned atomic.Bool  // copy of shun.on for readers without the lock
	traffic traffic

	mu      sync.Mutex // guards what follows
	idle    []*Conn    // the last one was used last
	shun    shun
	maxUsed int32
}

// serverConf is what the snapshot says of a server. It never changes.
type serverConf struct {
	status         Status // as configured; SHUNNED counts as ONLINE
	weight         int
	maxConnections int
	useTLS         bool
	maxLatency     time.Duration // 0: mysql-default_max_latency_ms
}

// traffic counts what a server was used for, since the start or the last reset.
type traffic struct {
	connOK, connErr atomic.Int64
	queries         atomic.Int64
	sent, received  atomic.Int64 // payload bytes of statements and answers
	latency         atomic.Int64 // mean of the monitor's pings, µs
	_               [16]byte
}

// Status is the state of a server as upstream names it.
type Status int

// The states of a server.
const (
	Online Status = iota
	Shunned
	OfflineSoft
	OfflineHard
)

var statusNames = [...]string{Online: "ONLINE", Shunned: "SHUNNED", OfflineSoft: "OFFLINE_SOFT", OfflineHard: "OFFLINE_HARD"}

// String gives upstream's name of the state.
func (s Status) String() string { return statusNames[s] }

// Status tells the state in force: the configured one, or SHUNNED.
func (s *Server) Status() Status {
	status := s.conf.Load().status
	if status == Online && s.shunned.Load() {
		return Shunned
	}
	return status
}

// usable reports whether new work may go to the server.
func (s *Server) usable() bool { return s.Status() == Online }

// full reports whether the server has as many connections in use as it may.
func (s *Server) full() bool { return int(s.used.Load()) >= s.conf.Load().maxConnections }
