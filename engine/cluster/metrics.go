package cluster

import (
	"errors"
	"slices"
	"strconv"
	"sync"

	"github.com/keepsql/keepsql/conf/schema"
	"github.com/keepsql/keepsql/engine/cluster/diffcheck"
	"github.com/keepsql/keepsql/engine/metrics"
)

// ldap modules do not exist here; their series do, at 0, since dashboards add them up.
const (
	ldapVariables = "ldap_variables"
	ldapMapping   = "mysql_ldap_mapping"
)

// pulledSeries names the pull of a table where it is not that of the module.
var pulledSeries = map[string]string{
	"mysql_replication_hostgroups":       "mysql_servers_replication_hostgroups",
	"mysql_group_replication_hostgroups": "mysql_servers_group_replication_hostgroups",
	"mysql_galera_hostgroups":            "mysql_servers_galera_hostgroups",
	"mysql_aws_aurora_hostgroups":        "mysql_servers_aws_aurora_hostgroups",
	"mysql_hostgroup_attributes":         "mysql_servers_hostgroup_attributes",
	"mysql_servers_ssl_params":           "mysql_servers_ssl_params",
	runtimeServers:                       "mysql_servers_runtime_checks",
}

// counts is what only metrics show.
type counts struct {
	mu        sync.Mutex        // guards what follows
	pulled    map[string]uint64 // by name and status
	conflicts map[string]uint64 // by module and kind
}

func newCounts() *counts {
	c := &counts{pulled: map[string]uint64{}, conflicts: map[string]uint64{}}
	for _, name := range []string{ldapVariables, ldapMapping} {
		c.pulled[name+" success"], c.pulled[name+" failure"] = 0, 0
	}
	for _, m := range modules {
		for _, name := range m.series() {
			c.pulled[name+" success"], c.pulled[name+" failure"] = 0, 0
		}
		for _, kind := range []string{diffcheck.SameEpoch, diffcheck.VersionOne} {
			c.conflicts[m.watch.Module+" "+kind], c.conflicts[ldapVariables+" "+kind] = 0, 0
		}
	}
	return c
}

// series names what a pull of the module counts as: the module, and of servers each table besides.
func (m *module) series() []string {
	names := []string{m.watch.Module}
	if m.runtimeOnly {
		names = nil
	}
	for _, q := range m.queries {
		if s := pulledSeries[q.table]; s != "" {
			names = append(names, s)
		}
	}
	return names
}

func (c *counts) conflict(l diffcheck.Line) {
	if l.Conflict == "" {
		return
	}
	i := slices.IndexFunc(modules, func(m module) bool { return m.watch.Name == l.Watch })
	c.mu.Lock()
	defer c.mu.Unlock()
	c.conflicts[modules[i].watch.Module+" "+l.Conflict]++
}

// count notes how a pull ended: where a query failed it is that table's failure, otherwise the module's.
func (p *pull) count(err error) {
	if errors.Is(err, errOvertaken) {
		return
	}
	names, status := p.module.series(), " success"
	if err != nil {
		status = " failure"
		if s := pulledSeries[p.failedAt]; s != "" {
			names = []string{s}
		}
		names = names[:1]
	}
	c := p.cluster.counts
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, name := range names {
		if name != pulledSeries[runtimeServers] || p.module.runtimeOnly || p.asked.Along != "" {
			c.pulled[name+status]++
		}
	}
}

// Metrics gives the cluster's series, under upstream's names.
func (c *Cluster) Metrics() []metrics.Series {
	var out []metrics.Series
	c.counts.mu.Lock()
	for key, n := range c.counts.pulled {
		out = append(out, counter("proxysql_cluster_pulled_total", n, "module_name", "status", key))
	}
	for key, n := range c.counts.conflicts {
		out = append(out, counter("proxysql_cluster_syn_conflict_total", n, "module_name", "reason", key))
	}
	c.counts.mu.Unlock()
	out = append(out, perPeer(c.checksums(), "name", map[string]string{"version": "proxysql_servers_checksums_version_total"})...)
	out = append(out, perPeer(c.metrics(), "", map[string]string{
		"Uptime_s": "proxysql_servers_metrics_uptime_s_total", "Queries": "proxysql_servers_metrics_queries_total",
		"Client_Connections_connected": "proxysql_servers_metrics_client_conns_connected_total",
		"Client_Connections_created":   "proxysql_servers_metrics_client_conns_created_total",
	})...)
	clients := c.clients()
	for i := range clients.Rows {
		at := func(column string) string { return clients.Get(i, column).Text }
		out = append(out, metrics.Series{
			Name: "proxysql_servers_clients_status_last_seen_at", Kind: "gauge", Value: at("last_seen_at"),
			Labels: []string{"admin_mysql_ifaces", at("admin_mysql_ifaces"), "hostname", at("hostname"), "port", at("port"), "uuid", at("uuid")},
		})
	}
	return out
}

// counter is a series whose two labels are kept as one key, joined by a blank.
func counter(name string, n uint64, label1, label2, key string) metrics.Series {
	i := slices.Index([]byte(key), ' ')
	return metrics.Series{
		Name: name, Kind: "counter", Labels: []string{label1, key[:i], label2, key[i+1:]}, Value: strconv.FormatUint(n, 10),
	}
}

// perPeer makes series of columns of a table that has a row for each peer, or for each peer and what another column names.
func perPeer(rows *schema.Rows, by string, columns map[string]string) (out []metrics.Series) {
	for i := range rows.Rows {
		labels := []string{"hostname", rows.Get(i, "hostname").Text, "port", rows.Get(i, "port").Text}
		if by != "" {
			labels = append([]string{"hostname", rows.Get(i, "hostname").Text, "module_name", rows.Get(i, by).Text}, labels[2:]...)
		}
		for column, name := range columns {
			out = append(out, metrics.Series{Name: name, Kind: "counter", Labels: labels, Value: rows.Get(i, column).Text})
		}
	}
	return out
}
