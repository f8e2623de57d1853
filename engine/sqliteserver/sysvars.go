package sqliteserver

import "maps"

// comment is the answer to SELECT @@version_comment, by which clients and people see where they are.
const comment = "keepsql embedded SQLite server"

// variable gives the value of a system variable, in lower case; ok is false for one that does not exist.
func (s *session) variable(name string) (value string, ok bool) {
	value, ok = s.allVariables()[name]
	return value, ok
}

// allVariables is what clients and drivers ask for when they connect, and what this session set.
func (s *session) allVariables() map[string]string {
	all := map[string]string{
		"auto_increment_increment": "1",
		"autocommit":               number(s.autocommit),
		"character_set_client":     "utf8mb4", "character_set_connection": "utf8mb4", "character_set_database": "utf8mb4",
		"character_set_results": "utf8mb4", "character_set_server": "utf8mb4",
		"collation_connection": "utf8mb4_general_ci", "collation_database": "utf8mb4_general_ci", "collation_server": "utf8mb4_general_ci",
		"init_connect": "", "interactive_timeout": "28800", "license": "Apache-2.0", "lower_case_table_names": "0",
		"max_allowed_packet": "67108864", "net_write_timeout": "60", "performance_schema": "0",
		"query_cache_size": "0", "query_cache_type": "OFF", "server_id": "1",
		"sql_auto_is_null": "0", "sql_mode": "", "sql_safe_updates": "0", "sql_select_limit": "18446744073709551615",
		"system_time_zone": "UTC", "time_zone": "SYSTEM", "transaction_isolation": "SERIALIZABLE", "transaction_read_only": "0",
		"tx_isolation": "SERIALIZABLE", "tx_read_only": "0",
		"version": s.auth.Version, "version_comment": comment, "wait_timeout": "28800",
	}
	readOnly := number(s.server.readOnly.Load())
	for _, name := range []string{"read_only", "super_read_only", "innodb_read_only"} {
		all[name] = readOnly
	}
	maps.Copy(all, s.vars)
	return all
}

func number(on bool) string {
	if on {
		return "1"
	}
	return "0"
}
