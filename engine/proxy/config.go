package proxy

import (
	"time"

	"github.com/keepsql/keepsql/conf/charset"
	"github.com/keepsql/keepsql/conf/layers"
	"github.com/keepsql/keepsql/engine/digest"
	"github.com/keepsql/keepsql/engine/rule"
)

// settings are the mysql- variables sessions work by. They never change; a load makes new ones.
type settings struct {
	interfaces      string
	digest          digest.Options
	queryDigests    bool
	trackHost       bool
	commandsStats   bool
	maxPacket       int
	maxConnections  int
	connectTimeout  time.Duration // of a client, until it is logged in
	defaultSchema   string
	collation       charset.Collation
	multiplexing    bool
	lockOnSet       bool
	loadLocal       bool
	acOnReads       bool // enforce_autocommit_on_reads
	acIsTrx         bool // autocommit_false_is_transaction
	queryRetries    int
	queryTimeout    time.Duration
	queryDelay      time.Duration
	slow            time.Duration
	waitTimeout     time.Duration
	trxIdle, trx    time.Duration
	killBackend     bool
	insertDelay     int // auto_increment_delay_multiplex
	insertDelayMax  time.Duration
	connDelay       time.Duration // connection_delay_multiplex_ms
	longQuery       int           // threshold_query_length
	warnings        bool          // handle_warnings: they keep their connection
	logWarnings     bool          // log_mysql_warnings_enabled
	verboseErrors   bool          // verbose_query_error
	initConnect     string
	extended        int // show_processlist_extended
	serverVersion   string
	keepalive       time.Duration
	threads         int
	mirrorMost      int  // mirror_max_concurrency
	mirrorQueue     int  // mirror_max_queue_length
	timeRules       bool // stats_time_query_processor
	timeBackend     bool // stats_time_backend_query
	detectSQLi      bool // automatic_detect_sqli
	firewall        bool // firewall_whitelist_enabled
	firewallMessage string
	logAll          bool // eventslog_default_log
	trackGTIDs      bool // default_session_track_gtids=OWN_GTID
	passGTIDs       bool // client_session_track_gtid: clients are told of them
	logDigests      bool // parse_failure_logs_digest
	hostCache       int  // client_host_cache_size
	hostErrors      int  // client_host_error_counts
	bytesPerSecond  int  // throttle_max_bytes_per_second_to_client; 0 for no limit
	serverEOF       bool // enable_server_deprecate_eof is off
	cacheMost       int  // threshold_resultset_size: longest answer that is cached, in bytes
	cacheEmpty      bool // query_cache_stores_empty_result
	cacheWarnings   bool // query_cache_handle_warnings

	maxStmtsPerConn int // prepared statements on a server connection
	maxStmtsCache   int
}

func readSettings(v layers.Variables) *settings {
	s := &settings{
		interfaces:      v.String("mysql-interfaces"),
		digest:          readDigestOptions(v),
		queryDigests:    v.Bool("mysql-query_digests"),
		trackHost:       v.Bool("mysql-query_digests_track_hostname"),
		commandsStats:   v.Bool("mysql-commands_stats"),
		maxPacket:       v.Int("mysql-max_allowed_packet"),
		maxConnections:  v.Int("mysql-max_connections"),
		connectTimeout:  v.Milliseconds("mysql-connect_timeout_client"),
		defaultSchema:   v.String("mysql-default_schema"),
		multiplexing:    v.Bool("mysql-multiplexing"),
		lockOnSet:       v.Int("mysql-set_query_lock_on_hostgroup") == 1,
		loadLocal:       v.Bool("mysql-enable_load_data_local_infile"),
		acOnReads:       v.Bool("mysql-enforce_autocommit_on_reads"),
		acIsTrx:         v.Bool("mysql-autocommit_false_is_transaction"),
		queryRetries:    v.Int("mysql-query_retries_on_failure"),
		queryTimeout:    v.Milliseconds("mysql-default_query_timeout"),
		queryDelay:      v.Milliseconds("mysql-default_query_delay"),
		slow:            v.Milliseconds("mysql-long_query_time"),
		waitTimeout:     v.Milliseconds("mysql-wait_timeout"),
		trxIdle:         v.Milliseconds("mysql-max_transaction_idle_time"),
		trx:             v.Milliseconds("mysql-max_transaction_time"),
		killBackend:     v.Bool("mysql-kill_backend_connection_when_disconnect"),
		insertDelay:     v.Int("mysql-auto_increment_delay_multiplex"),
		insertDelayMax:  v.Milliseconds("mysql-auto_increment_delay_multiplex_timeout_ms"),
		connDelay:       v.Milliseconds("mysql-connection_delay_multiplex_ms"),
		longQuery:       v.Int("mysql-threshold_query_length"),
		warnings:        v.Int("mysql-handle_warnings") == 1,
		logWarnings:     v.Bool("mysql-log_mysql_warnings_enabled"),
		verboseErrors:   v.Bool("mysql-verbose_query_error"),
		initConnect:     v.String("mysql-init_connect"),
		extended:        v.Int("mysql-show_processlist_extended"),
		serverVersion:   v.String("mysql-server_version"),
		threads:         v.Int("mysql-threads"),
		mirrorMost:      v.Int("mysql-mirror_max_concurrency"),
		mirrorQueue:     v.Int("mysql-mirror_max_queue_length"),
		timeRules:       v.Bool("mysql-stats_time_query_processor"),
		timeBackend:     v.Bool("mysql-stats_time_backend_query"),
		detectSQLi:      v.Bool("mysql-automatic_detect_sqli"),
		firewall:        v.Bool("mysql-firewall_whitelist_enabled"),
		firewallMessage: v.String("mysql-firewall_whitelist_errormsg"),
		logAll:          v.Int("mysql-eventslog_default_log") == 1,
		trackGTIDs:      v.String("mysql-default_session_track_gtids") == "OWN_GTID",
		passGTIDs:       v.Bool("mysql-client_session_track_gtid"),
		logDigests:      v.Bool("mysql-parse_failure_logs_digest"),
		hostCache:       v.Int("mysql-client_host_cache_size"),
		hostErrors:      v.Int("mysql-client_host_error_counts"),
		bytesPerSecond:  v.Int("mysql-throttle_max_bytes_per_second_to_client"),
		serverEOF:       !v.Bool("mysql-enable_server_deprecate_eof"),
		cacheMost:       v.Int("mysql-threshold_resultset_size"),
		cacheEmpty:      v.Bool("mysql-query_cache_stores_empty_result"),
		cacheWarnings:   v.Int("mysql-query_cache_handle_warnings") == 1,

		maxStmtsPerConn: v.Int("mysql-max_stmts_per_connection"),
		maxStmtsCache:   v.Int("mysql-max_stmts_cache"),
	}
	if v.Bool("mysql-use_tcp_keepalive") {
		s.keepalive = time.Duration(v.Int("mysql-tcp_keepalive_time")) * time.Second
	}
	var ok bool
	if s.collation, ok = charset.ByName(v.String("mysql-default_collation_connection")); !ok {
		s.collation, _ = charset.ByID(33)
	}
	return s
}

func readDigestOptions(v layers.Variables) digest.Options {
	return digest.Options{
		Lowercase:           v.Bool("mysql-query_digests_lowercase"),
		ReplaceNull:         v.Bool("mysql-query_digests_replace_null"),
		NoDigits:            v.Bool("mysql-query_digests_no_digits"),
		KeepComment:         v.Bool("mysql-query_digests_keep_comment"),
		GroupingLimit:       v.Int("mysql-query_digests_grouping_limit"),
		GroupsGroupingLimit: v.Int("mysql-query_digests_groups_grouping_limit"),
		MaxQueryLength:      v.Int("mysql-query_digests_max_query_length"),
		MaxDigestLength:     v.Int("mysql-query_digests_max_digest_length"),
	}
}

func ruleOptions(v layers.Variables) rule.Options {
	return rule.Options{
		Engine:     rule.Engine(v.Int("mysql-query_processor_regex")),
		Iterations: v.Int("mysql-query_processor_iterations"),
	}
}
