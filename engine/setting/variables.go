package setting

import "strings"

// kind says which values of a variable are understood.
type kind byte

const (
	number kind = iota
	boolean
	text
	charsetName // text that NAMES sets too
)

// variable is one tracked variable.
type variable struct {
	name  string
	kind  kind
	reset string // what undoes it; "" for DEFAULT
	parts bool   // a SET changes only the parts of the value it names
}

// variables in the order of their names; an assignment refers to one by its index.
var variables = []variable{
	{name: "aurora_read_replica_read_committed", kind: boolean},
	{name: "auto_increment_increment"},
	{name: "auto_increment_offset"},
	{name: "big_tables", kind: boolean},
	{name: "character_set_client", kind: charsetName},
	{name: "character_set_connection", kind: charsetName},
	{name: "character_set_database", kind: charsetName},
	{name: "character_set_results", kind: charsetName},
	{name: "collation_connection", kind: charsetName},
	{name: "default_storage_engine", kind: text},
	{name: "default_tmp_storage_engine", kind: text},
	{name: "foreign_key_checks", kind: boolean},
	{name: "group_concat_max_len"},
	{name: "group_replication_consistency", kind: text},
	{name: "gtid_next", kind: text, reset: "'AUTOMATIC'"},
	{name: "innodb_lock_wait_timeout"},
	{name: "innodb_strict_mode", kind: boolean},
	{name: "innodb_table_locks", kind: boolean},
	{name: "join_buffer_size"},
	{name: "lc_messages", kind: text},
	{name: "lc_time_names", kind: text},
	{name: "lock_wait_timeout"},
	{name: "log_slow_filter", kind: text},
	{name: "long_query_time"},
	{name: "max_execution_time"},
	{name: "max_heap_table_size"},
	{name: "max_join_size"},
	{name: "max_sort_length"},
	{name: "max_statement_time"},
	{name: "optimizer_prune_level"},
	{name: "optimizer_search_depth"},
	{name: "optimizer_switch", kind: text, parts: true},
	{name: "optimizer_use_condition_selectivity"},
	{name: "profiling", kind: boolean},
	{name: "query_cache_type", kind: boolean},
	{name: trackGTIDs, kind: text},
	{name: "sort_buffer_size"},
	{name: "sql_auto_is_null", kind: boolean},
	{name: "sql_big_selects", kind: boolean},
	{name: "sql_generate_invisible_primary_key", kind: boolean},
	{name: "sql_log_bin", kind: boolean, reset: "1"},
	{name: "sql_mode", kind: text},
	{name: "sql_quote_show_create", kind: boolean},
	{name: "sql_require_primary_key", kind: boolean},
	{name: "sql_safe_updates", kind: boolean},
	{name: "sql_select_limit"},
	{name: "time_zone", kind: text},
	{name: "timestamp"},
	{name: "tmp_table_size"},
	{name: isolation, kind: text},
	{name: readOnly, kind: boolean},
	{name: "unique_checks", kind: boolean},
	{name: "wsrep_osu_method", kind: text},
	{name: "wsrep_sync_wait"},
}

// The names under which isolation level and access mode are tracked: MySQL's. MariaDB knows them by others.
const (
	isolation  = "transaction_isolation"
	readOnly   = "transaction_read_only"
	sqlMode    = "sql_mode"
	trackGTIDs = "session_track_gtids"
)

// aliases are other names of tracked variables.
var aliases = map[string]string{"tx_isolation": isolation, "tx_read_only": readOnly}

// ignored are the variables that are acknowledged and have no effect, as upstream has it: they concern the connection
// between client and server, which the proxy stands in for.
var ignored = map[string]bool{
	"interactive_timeout": true, "wait_timeout": true, "net_read_timeout": true, "net_write_timeout": true,
	"net_buffer_length": true, "read_buffer_size": true, "read_rnd_buffer_size": true, "session_track_schema": true,
}

// find returns the index of a tracked variable, -1 for others.
func find(name string) int {
	if a := aliases[name]; a != "" {
		name = a
	}
	for i := range variables {
		if variables[i].name == name {
			return i
		}
	}
	return -1
}

// serverName is what a server calls the variable; "" where it has none of the kind.
func (v *variable) serverName(mariadb bool) string {
	if mariadb && v.name == trackGTIDs {
		return ""
	}
	if mariadb && (v.name == isolation || v.name == readOnly) {
		return "tx_" + strings.TrimPrefix(v.name, "transaction_")
	}
	return v.name
}
