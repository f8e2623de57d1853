package verdict

import (
	"cmp"
	"fmt"
	"time"
)

// Addr is a server wherever it is used.
type Addr struct {
	Host string
	Port int // 0: Host is the path of a unix socket
}

// String gives host:port, as messages name a server.
func (a Addr) String() string { return fmt.Sprintf("%s:%d", a.Host, a.Port) }

func (a Addr) compare(b Addr) int {
	return cmp.Or(cmp.Compare(a.Host, b.Host), cmp.Compare(a.Port, b.Port))
}

// Event is something that happened.
type Event interface{ event() }

// Server is a row of runtime_mysql_servers.
type Server struct {
	Hostgroup int
	Addr
	Weight   int
	MaxLag   time.Duration // max_replication_lag; 0: the lag does not matter
	LagNull  time.Duration // lag assumed where there is none to be known
	Unwanted bool          // OFFLINE_HARD
	Soft     bool          // OFFLINE_SOFT
}

// Pair is a row of mysql_replication_hostgroups.
type Pair struct {
	Writer, Reader int
	Check          string // check_type, in lower case
}

// Limits are the monitor's variables that decide.
type Limits struct {
	PingFailures     int           // mysql-monitor_ping_max_failures
	ReadOnlyTimeouts int           // mysql-monitor_read_only_max_timeout_count
	LagCount         int           // mysql-monitor_replication_lag_count
	WriterReads      bool          // mysql-monitor_writer_is_also_reader
	GaleraTimeouts   int           // mysql-monitor_galera_healthcheck_max_timeout_count
	GroupTimeouts    int           // mysql-monitor_groupreplication_healthcheck_max_timeout_count
	GroupBehindCount int           // mysql-monitor_groupreplication_max_transactions_behind_count
	GroupBehindFor   int           // mysql-monitor_groupreplication_max_transactions_behind_for_read_only
	Fresh            time.Duration // age up to which a read_only result counts when servers are loaded anew
}

// Config is what is in force from now on. Nothing, the zero Config, is a monitor that is switched off.
type Config struct {
	Servers  []Server // in force
	Loaded   []Server // as they were loaded, before any was moved
	Pairs    []Pair
	Clusters []Cluster
	Limits   Limits
}

// Failure is how a check failed.
type Failure int

// The kinds of failure.
const (
	None     Failure = iota
	Timeout          // no answer in time, or no connection
	Denied           // the monitor's account may not log in
	Answered         // an error of the server's
)

// Ping is the result of a ping.
type Ping struct {
	Addr
	Failure Failure
	Took    time.Duration
}

// ReadOnly is the result of a check of read_only or what stands for it.
type ReadOnly struct {
	Addr
	Check   string // check_type, in lower case
	Failure Failure
	On      bool // the server is read only
}

// Lag is the result of a check of the replication.
type Lag struct {
	Addr
	Failure Failure
	Replica bool // the server has a replication to speak of
	Null    bool // which does not run
	Lag     time.Duration
}

func (Config) event()   {}
func (Ping) event()     {}
func (ReadOnly) event() {}
func (Lag) event()      {}

// Action is something to be done.
type Action interface{ action() }

// Shun takes a server out of use in all hostgroups until Back, and closes its connections.
type Shun struct {
	Addr
	Missed int // pings
}

// Back ends Shun.
type Back struct{ Addr }

// Latency is the mean of the last pings; 0 where there is none.
type Latency struct {
	Addr
	Mean time.Duration
}

// Behind is by how much a server's replication lags behind, for statements that set a limit of their own.
type Behind struct {
	Hostgroup int
	Addr
	Lag     time.Duration
	Replica bool // it has a replication
}

// Late shuns a server in a hostgroup for its replication lag, or with On false ends that.
type Late struct {
	Hostgroup int
	Addr
	On  bool
	Lag time.Duration
}

// Move puts a server into the hostgroups where its read_only says it belongs.
type Move struct {
	Addr
	Pair
	ReadOnly bool
	Reads    bool // as writer it stays in the reader hostgroup
}

// Level is the level of a line of the log.
type Level int

// The levels.
const (
	Info Level = iota
	Warning
	Error
)

// Say is a line of the log.
type Say struct {
	Level Level
	Text  string
}

func (Shun) action()    {}
func (Back) action()    {}
func (Latency) action() {}
func (Late) action()    {}
func (Behind) action()  {}
func (Move) action()    {}
func (Say) action()     {}
