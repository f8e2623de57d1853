package stats

import (
	"runtime/metrics"

	"github.com/keepsql/keepsql/conf/schema"
)

// Memory is what stats_memory_metrics shows beside the memory of the process, in bytes.
type Memory struct {
	SQLite, Auth, Digests, Rules        uint64
	FirewallUsers, FirewallRules        uint64
	StatementMetadata, StatementBackend uint64
	ProxySessions                       uint64
}

// MemoryRows is stats_memory_metrics, with upstream's names. Those that begin with jemalloc_ are of the Go runtime here:
// what they have in common is what an operator reads them for.
func MemoryRows(m Memory) *schema.Rows {
	samples := []metrics.Sample{
		{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}, {Name: "/memory/classes/heap/objects:bytes"},
		{Name: "/memory/classes/heap/unused:bytes"}, {Name: "/memory/classes/heap/free:bytes"},
		{Name: "/memory/classes/metadata/mspan/inuse:bytes"}, {Name: "/memory/classes/metadata/other:bytes"},
	}
	metrics.Read(samples)
	total, released, objects := samples[0].Value.Uint64(), samples[1].Value.Uint64(), samples[2].Value.Uint64()
	unused, free := samples[3].Value.Uint64(), samples[4].Value.Uint64()
	rows := table("stats_memory_metrics")
	for _, v := range []struct {
		name  string
		value uint64
	}{
		{"SQLite3_memory_bytes", m.SQLite},
		{"jemalloc_resident", total - released},
		{"jemalloc_active", objects + unused},
		{"jemalloc_allocated", objects},
		{"jemalloc_mapped", total},
		{"jemalloc_metadata", samples[5].Value.Uint64() + samples[6].Value.Uint64()},
		{"jemalloc_retained", free + released},
		{"Auth_memory", m.Auth},
		{"query_digest_memory", m.Digests},
		{"mysql_query_rules_memory", m.Rules},
		{"mysql_firewall_users_table", m.FirewallUsers},
		{"mysql_firewall_users_config", m.FirewallUsers},
		{"mysql_firewall_rules_table", m.FirewallRules},
		{"mysql_firewall_rules_config", m.FirewallRules},
		{"prepare_statement_metadata_memory", m.StatementMetadata},
		{"prepare_statement_backend_memory", m.StatementBackend},
		{"stack_memory_mysql_threads", m.ProxySessions},
		{"stack_memory_admin_threads", 0},
		{"stack_memory_cluster_threads", 0},
	} {
		rows.Rows = append(rows.Rows, cells(v.name, v.value))
	}
	return rows
}

// Figure is one of keepsql's own figures.
type Figure struct {
	Name  string // lower case
	Total bool   // counts up for ever
	Value uint64
}

// OwnRows is stats_keepsql_global: figures that upstream does not have.
func OwnRows(figures []Figure) *schema.Rows {
	rows := table("stats_keepsql_global")
	for _, f := range figures {
		rows.Rows = append(rows.Rows, cells(f.Name, f.Value))
	}
	return rows
}
