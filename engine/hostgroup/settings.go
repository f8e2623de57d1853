package hostgroup

import (
	"time"

	"github.com/keepsql/keepsql/conf/layers"
)

// settings are the variables this package works by. They never change; a load of mysql_variables makes new ones.
type settings struct {
	shun           shunRules
	connectTimeout time.Duration // one attempt
	connectMax     time.Duration // all attempts and waits
	retries        int
	retryDelay     time.Duration
	freePct        int
	maxAge         time.Duration // 0: no limit
	pingInterval   time.Duration
	pingTimeout    time.Duration
	maxLatency     time.Duration
	unshunAll      bool // unshun_algorithm: a server that recovers does so in all hostgroups
	warming        bool
	throttle       int           // new connections of a hostgroup in a second
	awareFrom      int           // candidates from which those slower than the mean are left out
	replicasOnly   int           // aurora_max_lag_ms_only_read_from_replicas: replicas within a limit that make it do without others; 0: never
	gtidRetry      time.Duration // binlog_reader_connect_retry_msec
	tls            tlsChoice     // of servers with use_ssl
}

func readSettings(v layers.Variables) *settings {
	s := &settings{
		connectTimeout: v.Milliseconds("mysql-connect_timeout_server"),
		connectMax:     v.Milliseconds("mysql-connect_timeout_server_max"),
		retries:        v.Int("mysql-connect_retries_on_failure"),
		retryDelay:     v.Milliseconds("mysql-connect_retries_delay"),
		freePct:        v.Int("mysql-free_connections_pct"),
		maxAge:         v.Milliseconds("mysql-connection_max_age_ms"),
		pingInterval:   v.Milliseconds("mysql-ping_interval_server_msec"),
		pingTimeout:    v.Milliseconds("mysql-ping_timeout_server"),
		maxLatency:     v.Milliseconds("mysql-default_max_latency_ms"),
		unshunAll:      v.Int("mysql-unshun_algorithm") == 1,
		warming:        v.Bool("mysql-connection_warming"),
		throttle:       v.Int("mysql-throttle_connections_per_sec_to_hostgroup"),
		awareFrom:      v.Int("mysql-min_num_servers_lantency_awareness"),
		replicasOnly:   v.Int("mysql-aurora_max_lag_ms_only_read_from_replicas"),
		gtidRetry:      v.Milliseconds("mysql-binlog_reader_connect_retry_msec"),
	}
	s.shun = shunRules{
		onFailures: v.Int("mysql-shun_on_failures"),
		retries:    s.retries,
		recovery:   time.Duration(v.Int("mysql-shun_recovery_time_sec")) * time.Second,
		connectMax: s.connectMax,
	}
	return s
}
