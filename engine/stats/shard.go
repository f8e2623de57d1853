package stats

import (
	"runtime"
	"sync/atomic"
	"time"

	"github.com/keepsql/keepsql/engine/digest"
)

// Counter is one of the counters that sessions add to.
type Counter int

// The counters, by what stats_mysql_global calls them.
const (
	ClientConnectionsCreated Counter = iota
	ClientConnectionsAborted
	ClientConnectionsLocked
	Questions
	SlowQueries
	FrontendBytesRecv
	FrontendBytesSent
	BackendBytesRecv
	BackendBytesSent
	ComAutocommit
	ComAutocommitFiltered
	ComCommit
	ComCommitFiltered
	ComRollback
	ComRollbackFiltered
	ComBackendInitDB
	ComBackendSetNames
	ComFrontendInitDB
	ComFrontendSetNames
	ComFrontendUseDB
	ComBackendStmtPrepare
	ComBackendStmtExecute
	ComBackendStmtClose
	ComFrontendStmtPrepare
	ComFrontendStmtExecute
	ComFrontendStmtClose
	LockedSetCommands
	LockedQueries
	UnexpectedPackets
	BackendOfflineDuringQuery
	GeneratedErrorPackets
	AccessDeniedWrongPassword
	AccessDeniedMaxConnections
	AccessDeniedMaxUserConnections
	SelectsForUpdateAutocommit0
	QueryCacheGet
	QueryCacheGetOK
	QueryCacheSet
	QueryCacheBytesIn
	QueryCacheBytesOut
	DetectedSQLi
	WhitelistedSQLi
	GTIDConsistentQueries
	GTIDSessionCollected
	QueryProcessorTime // ns
	BackendQueryTime   // ns

	numCounters
)

// counterNames are the rows of stats_mysql_global.
var counterNames = [numCounters]string{
	ClientConnectionsCreated:       "Client_Connections_created",
	ClientConnectionsAborted:       "Client_Connections_aborted",
	ClientConnectionsLocked:        "Client_Connections_hostgroup_locked",
	Questions:                      "Questions",
	SlowQueries:                    "Slow_queries",
	FrontendBytesRecv:              "Queries_frontends_bytes_recv",
	FrontendBytesSent:              "Queries_frontends_bytes_sent",
	BackendBytesRecv:               "Queries_backends_bytes_recv",
	BackendBytesSent:               "Queries_backends_bytes_sent",
	ComAutocommit:                  "Com_autocommit",
	ComAutocommitFiltered:          "Com_autocommit_filtered",
	ComCommit:                      "Com_commit",
	ComCommitFiltered:              "Com_commit_filtered",
	ComRollback:                    "Com_rollback",
	ComRollbackFiltered:            "Com_rollback_filtered",
	ComBackendInitDB:               "Com_backend_init_db",
	ComBackendSetNames:             "Com_backend_set_names",
	ComFrontendInitDB:              "Com_frontend_init_db",
	ComFrontendSetNames:            "Com_frontend_set_names",
	ComFrontendUseDB:               "Com_frontend_use_db",
	ComBackendStmtPrepare:          "Com_backend_stmt_prepare",
	ComBackendStmtExecute:          "Com_backend_stmt_execute",
	ComBackendStmtClose:            "Com_backend_stmt_close",
	ComFrontendStmtPrepare:         "Com_frontend_stmt_prepare",
	ComFrontendStmtExecute:         "Com_frontend_stmt_execute",
	ComFrontendStmtClose:           "Com_frontend_stmt_close",
	LockedSetCommands:              "hostgroup_locked_set_cmds",
	LockedQueries:                  "hostgroup_locked_queries",
	UnexpectedPackets:              "mysql_unexpected_frontend_packets",
	BackendOfflineDuringQuery:      "backend_offline_during_query",
	GeneratedErrorPackets:          "generated_error_packets",
	AccessDeniedWrongPassword:      "Access_Denied_Wrong_Password",
	AccessDeniedMaxConnections:     "Access_Denied_Max_Connections",
	AccessDeniedMaxUserConnections: "Access_Denied_Max_User_Connections",
	SelectsForUpdateAutocommit0:    "Selects_for_update__autocommit0",
	QueryCacheGet:                  "Query_Cache_count_GET",
	QueryCacheGetOK:                "Query_Cache_count_GET_OK",
	QueryCacheSet:                  "Query_Cache_count_SET",
	QueryCacheBytesIn:              "Query_Cache_bytes_IN",
	QueryCacheBytesOut:             "Query_Cache_bytes_OUT",
	DetectedSQLi:                   "automatic_detected_sql_injection",
	WhitelistedSQLi:                "whitelisted_sqli_fingerprint",
	GTIDConsistentQueries:          "GTID_consistent_queries",
	GTIDSessionCollected:           "GTID_session_collected",
	QueryProcessorTime:             "Query_Processor_time_nsec",
	BackendQueryTime:               "Backend_query_time_nsec",
}

// Shard is a set of counters that a few sessions share, so that processors do not fight over one cache line.
type Shard struct {
	_        [64]byte
	counters [numCounters]atomic.Uint64
	commands [digest.NumCommands]commandCounters
	_        [64]byte
}

// Add adds n to a counter.
func (s *Shard) Add(c Counter, n uint64) { s.counters[c].Add(n) }

// commandCounters count the statements of one class.
type commandCounters struct {
	micros atomic.Int64
	total  atomic.Uint64
	bucket [len(buckets) + 1]atomic.Uint64
}

// buckets are the upper ends of upstream's classes of duration; what is longer is in the last one.
var buckets = [...]time.Duration{
	100 * time.Microsecond, 500 * time.Microsecond, time.Millisecond, 5 * time.Millisecond, 10 * time.Millisecond,
	50 * time.Millisecond, 100 * time.Millisecond, 500 * time.Millisecond, time.Second, 5 * time.Second, 10 * time.Second,
}

// AddCommand counts a statement.
func (s *Shard) AddCommand(c digest.CommandClass, took time.Duration) {
	k := &s.commands[c]
	k.micros.Add(took.Microseconds())
	k.total.Add(1)
	i := 0
	for i < len(buckets) && took > buckets[i] {
		i++
	}
	k.bucket[i].Add(1)
}

// Counters are the shards of all sessions.
type Counters struct {
	shards []Shard
	next   atomic.Uint32
}

// NewCounters makes as many shards as there are processors.
func NewCounters() *Counters { return &Counters{shards: make([]Shard, runtime.GOMAXPROCS(0))} }

// Shard gives the shard for a new session, in turn.
func (c *Counters) Shard() *Shard { return &c.shards[int(c.next.Add(1))%len(c.shards)] }

// Get sums a counter up.
func (c *Counters) Get(n Counter) uint64 {
	var sum uint64
	for i := range c.shards {
		sum += c.shards[i].counters[n].Load()
	}
	return sum
}
