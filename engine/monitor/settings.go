package monitor

import (
	"regexp"
	"time"

	"github.com/keepsql/keepsql/conf/layers"
	"github.com/keepsql/keepsql/engine/monitor/verdict"
)

// settings are the mysql-monitor_ variables. They never change; a load makes new ones.
type settings struct {
	enabled        bool
	user, password string
	waitTimeout    bool
	history        time.Duration
	checks         [checkKinds]timing
	limits         verdict.Limits
	lagWhenNull    time.Duration
	heartbeat      string // table to compute the lag from; "" asks the server
}

// timing is how often a check is made and how long it may take.
type timing struct{ interval, timeout time.Duration }

// tableName is what mysql-monitor_replication_lag_use_percona_heartbeat may name: it becomes a part of a statement.
var tableName = regexp.MustCompile("^(`[^`]+`|[A-Za-z0-9_$]+)\\.(`[^`]+`|[A-Za-z0-9_$]+)$")

func readSettings(v layers.Variables) *settings {
	check := func(name string) timing {
		return timing{v.Milliseconds("mysql-monitor_" + name + "_interval"), v.Milliseconds("mysql-monitor_" + name + "_timeout")}
	}
	s := &settings{
		enabled: v.Bool("mysql-monitor_enabled"),
		user:    v.String("mysql-monitor_username"), password: v.String("mysql-monitor_password"),
		waitTimeout: v.Bool("mysql-monitor_wait_timeout"),
		history:     v.Milliseconds("mysql-monitor_history"),
		checks: [checkKinds]timing{
			connectCheck: check("connect"), pingCheck: check("ping"), readOnlyCheck: check("read_only"), lagCheck: check("replication_lag"),
			galeraCheck: check("galera_healthcheck"), groupCheck: check("groupreplication_healthcheck"),
		},
		limits: verdict.Limits{
			PingFailures:     v.Int("mysql-monitor_ping_max_failures"),
			ReadOnlyTimeouts: v.Int("mysql-monitor_read_only_max_timeout_count"),
			LagCount:         v.Int("mysql-monitor_replication_lag_count"),
			WriterReads:      v.Bool("mysql-monitor_writer_is_also_reader"),
			GaleraTimeouts:   v.Int("mysql-monitor_galera_healthcheck_max_timeout_count"),
			GroupTimeouts:    v.Int("mysql-monitor_groupreplication_healthcheck_max_timeout_count"),
			GroupBehindCount: v.Int("mysql-monitor_groupreplication_max_transactions_behind_count"),
			GroupBehindFor:   v.Int("mysql-monitor_groupreplication_max_transactions_behind_for_read_only"),
		},
		lagWhenNull: time.Duration(v.Int("mysql-monitor_slave_lag_when_null")) * time.Second,
	}
	readOnly := s.checks[readOnlyCheck]
	s.limits.Fresh = 2*readOnly.interval + readOnly.timeout
	if table := v.String("mysql-monitor_replication_lag_use_percona_heartbeat"); tableName.MatchString(table) {
		s.heartbeat = table
	}
	return s
}
