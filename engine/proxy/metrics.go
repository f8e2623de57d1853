package proxy

import (
	"strconv"

	"github.com/keepsql/keepsql/engine/metrics"
	"github.com/keepsql/keepsql/engine/stats"
)

// memorySeries are the rows of stats_memory_metrics as upstream calls them for Prometheus. Those that are in stats_mysql_global
// too are left to it.
var memorySeries = map[string]metrics.Series{
	"Auth_memory":                       {Name: "proxysql_auth_memory_bytes", Kind: "gauge"},
	"query_digest_memory":               {Name: "proxysql_query_digest_memory_bytes", Kind: "gauge"},
	"mysql_query_rules_memory":          {Name: "proxysql_mysql_query_rules_memory_bytes", Kind: "gauge"},
	"mysql_firewall_users_table":        {Name: "proxysql_mysql_firewall_users_table_bytes", Kind: "gauge"},
	"mysql_firewall_users_config":       {Name: "proxysql_mysql_firewall_users_config_bytes", Kind: "gauge"},
	"mysql_firewall_rules_table":        {Name: "proxysql_mysql_firewall_rules_table_bytes", Kind: "gauge"},
	"mysql_firewall_rules_config":       {Name: "proxysql_mysql_firewall_rules_config_bytes", Kind: "gauge"},
	"prepare_statement_metadata_memory": {Name: "prepare_stmt_metadata_memory_bytes", Kind: "gauge"},
	"prepare_statement_backend_memory":  {Name: "prepare_stmt_backend_memory_bytes", Kind: "gauge"},
	"stack_memory_mysql_threads":        {Name: "proxysql_stack_memory_mysql_threads_bytes", Kind: "gauge"},
	"jemalloc_allocated":                {Name: "proxysql_jemalloc_allocated_bytes_total", Kind: "counter"},
	"jemalloc_active":                   {Name: "proxysql_jemalloc_bytes", Kind: "gauge", Labels: []string{"type", "active"}},
	"jemalloc_mapped":                   {Name: "proxysql_jemalloc_bytes", Kind: "gauge", Labels: []string{"type", "mapped"}},
	"jemalloc_metadata":                 {Name: "proxysql_jemalloc_bytes", Kind: "gauge", Labels: []string{"type", "metadata"}},
	"jemalloc_resident":                 {Name: "proxysql_jemalloc_bytes", Kind: "gauge", Labels: []string{"type", "resident"}},
	"jemalloc_retained":                 {Name: "proxysql_jemalloc_bytes", Kind: "gauge", Labels: []string{"type", "retained"}},
}

// Metrics are the figures for Prometheus that stats_mysql_global does not have.
func (p *Proxy) Metrics() []metrics.Series {
	misses := p.counters.Get(stats.QueryCacheGet) - p.counters.Get(stats.QueryCacheGetOK)
	out := []metrics.Series{{
		Name: "proxysql_query_cache_count_get_total", Kind: "counter", Labels: []string{"status", "err"}, Value: strconv.FormatUint(misses, 10),
	}}
	for _, row := range p.memory().Rows {
		if s, known := memorySeries[row[0].Text]; known {
			s.Value = row[1].Text
			out = append(out, s)
		}
	}
	for _, f := range p.figures() {
		s := metrics.Series{Name: "keepsql_" + f.Name, Kind: "gauge", Value: strconv.FormatUint(f.Value, 10)}
		if f.Total {
			s.Name, s.Kind = s.Name+"_total", "counter"
		}
		out = append(out, s)
	}
	return out
}
