package proxy

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/keepsql/keepsql/conf/schema"
	"github.com/keepsql/keepsql/engine/hostgroup"
	"github.com/keepsql/keepsql/engine/stats"
)

// Tables gives the tables of schema stats that the data plane fills.
func (p *Proxy) Tables() stats.Tables {
	return stats.Tables{
		"stats_mysql_query_digest":          func() *schema.Rows { return p.digests.Rows(false) },
		"stats_mysql_query_digest_reset":    func() *schema.Rows { return p.digests.Rows(true) },
		"stats_mysql_connection_pool":       func() *schema.Rows { return p.pool(false) },
		"stats_mysql_connection_pool_reset": func() *schema.Rows { return p.pool(true) },
		"stats_memory_metrics":              p.memory,
		"stats_keepsql_global":              func() *schema.Rows { return stats.OwnRows(p.figures()) },
		"stats_mysql_free_connections":      p.free,
		"stats_mysql_gtid_executed":         p.executed,
		"stats_mysql_commands_counters":     p.counters.CommandRows,
		"stats_mysql_global":                p.global,
		"stats_mysql_users":                 p.userRows,
		"stats_mysql_processlist":           p.processes,
		"stats_mysql_query_rules":           p.ruleHits,

		"stats_mysql_prepared_statements_info": p.statementRows,

		"stats_mysql_client_host_cache":       func() *schema.Rows { return p.hosts.rows(false) },
		"stats_mysql_client_host_cache_reset": func() *schema.Rows { return p.hosts.rows(true) },

		"stats_mysql_errors":       func() *schema.Rows { return p.errors.Rows(false) },
		"stats_mysql_errors_reset": func() *schema.Rows { return p.errors.Rows(true) },
	}
}

func (p *Proxy) pool(reset bool) *schema.Rows {
	var list []stats.Pool
	for _, s := range p.servers.Servers(reset) {
		list = append(list, stats.Pool{
			Hostgroup: s.Hostgroup, Host: s.Host, Port: s.Port, Status: s.Status.String(),
			ConnUsed: s.ConnUsed, ConnFree: s.ConnFree, MaxConnUsed: s.MaxConnUsed,
			ConnOK: s.ConnOK, ConnErr: s.ConnErr, Queries: s.Queries, QueriesGTIDSync: s.QueriesAfter,
			BytesSent: s.BytesSent, BytesRecv: s.BytesRecv, LatencyMicros: s.LatencyMicros,
		})
	}
	return stats.PoolRows(list)
}

func (p *Proxy) global() *schema.Rows {
	c := p.servers.Counters()
	var trx, busy uint64
	sessions := p.registry.all()
	clients := uint64(0)
	for _, s := range sessions {
		if s.mirrored {
			continue
		}
		clients++
		if s.view.transaction() {
			trx++
		}
		if s.view.working() {
			busy++
		}
	}
	g := stats.Gauges{
		"ProxySQL_Uptime":              uint64(p.now().Sub(p.started) / time.Second),
		"Active_Transactions":          trx,
		"Client_Connections_connected": clients,
		"Client_Connections_non_idle":  busy,
		"Server_Connections_aborted":   c.Aborted,
		"Server_Connections_connected": uint64(c.Connected),
		"Server_Connections_created":   c.Created,
		"Server_Connections_delayed":   c.Delayed,
		"ConnPool_get_conn_success":    c.GetOK,
		"ConnPool_get_conn_failure":    c.GetFailed,

		"ConnPool_get_conn_latency_awareness": c.LatencyAware,

		"queries_with_max_lag_ms":                      c.LagLimited,
		"queries_with_max_lag_ms__delayed":             c.LagLimitedLate,
		"queries_with_max_lag_ms__total_wait_time_us":  c.LagLimitedWait,
		"get_aws_aurora_replicas_skipped_during_query": c.LagSkipped,

		"MyHGM_myconnpoll_get":             c.Get,
		"MyHGM_myconnpoll_get_ok":          c.GetOK,
		"MyHGM_myconnpoll_push":            c.Pushed,
		"MyHGM_myconnpoll_destroy":         c.Destroyed,
		"MyHGM_myconnpoll_reset":           c.Recycled,
		"Com_backend_change_user":          c.Recycled,
		"max_connect_timeouts":             c.Timeouts,
		"mysql_killed_backend_connections": c.KilledConns,
		"mysql_killed_backend_queries":     c.KilledQueries,
		"Servers_table_version":            p.reloads.Load(),
		"MySQL_Thread_Workers":             uint64(p.settings.Load().threads),
	}
	p.addQueryGauges(g, len(sessions))
	if p.gauges != nil {
		maps.Copy(g, p.gauges())
	}
	p.mu.Lock()
	paused := p.paused
	p.mu.Unlock()
	p.statementGauges(g)
	return p.counters.GlobalRows(g, paused)
}

func (p *Proxy) userRows() *schema.Rows {
	var list []stats.User
	for _, u := range p.users.all() {
		list = append(list, stats.User{Name: u.name, Connections: int(u.connections.Load()), MaxConnections: u.maxConnections})
	}
	slices.SortFunc(list, func(a, b stats.User) int { return cmp.Compare(a.Name, b.Name) })
	return stats.UserRows(list)
}

func (p *Proxy) ruleHits() *schema.Rows {
	var list []stats.RuleHits
	for id, hits := range p.rules.Load().Hits() {
		list = append(list, stats.RuleHits{ID: id, Hits: hits})
	}
	return stats.RuleRows(list)
}

func (p *Proxy) processes() *schema.Rows {
	now, extended := p.now(), p.settings.Load().extended
	var list []stats.Process
	for _, s := range p.registry.all() {
		list = append(list, s.process(now, extended))
	}
	return stats.ProcessRows(list)
}

// process is the session as the processlist shows it.
func (s *session) process(now time.Time, extended int) stats.Process {
	v := &s.view
	host, port := splitAddr(s.client.RemoteAddr())
	v.mu.Lock()
	defer v.mu.Unlock()
	out := stats.Process{
		SessionID: uint64(s.id), User: v.user, DB: v.schema, ClientHost: host, ClientPort: port, Hostgroup: v.hostgroup,
		Command: v.shown(), Time: max(0, now.Sub(v.since)), StatusFlags: uint32(v.flags), Info: string(v.info),
	}
	if v.user == "" {
		out.User = "unauthenticated user"
	}
	if v.conn != nil {
		out.Attached = true
		out.LocalHost, out.LocalPort = splitAddr(v.conn.LocalAddr())
		out.ServerHost, out.ServerPort = serverOf(v.conn)
	}
	if extended > 0 {
		out.Extended = v.extended(extended)
	}
	return out
}

func serverOf(c *hostgroup.Conn) (string, int) { return c.Server().Host, c.Server().Port }

// shown is what the processlist calls the activity, with mu held.
func (v *view) shown() string {
	switch v.doing {
	case connecting:
		return "Connect"
	case sleeping:
		return "Sleep"
	case acquiring:
		if v.command == "Delay" {
			return v.command
		}
		return "Connecting client"
	}
	return v.command
}

func (v *view) transaction() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.inTrx
}

func (v *view) working() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.doing > sleeping
}
