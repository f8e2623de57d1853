package cluster

import (
	"cmp"
	"slices"
	"strconv"
	"time"

	"github.com/keepsql/keepsql/conf/schema"
	"github.com/keepsql/keepsql/engine/stats"
)

// Tables gives the tables of schema stats that show the cluster.
func (c *Cluster) Tables() stats.Tables {
	return stats.Tables{
		"stats_proxysql_servers_checksums":      c.checksums,
		"stats_proxysql_servers_metrics":        c.metrics,
		"stats_proxysql_servers_clients_status": c.clients,
		"stats_cluster_modules":                 c.status,
		// Upstream never puts a row into it.
		"stats_proxysql_servers_status": func() *schema.Rows { return table("stats_proxysql_servers_status") },
	}
}

func table(name string) *schema.Rows {
	return &schema.Rows{Columns: schema.Lookup("stats", name).ColumnNames()}
}

func number[T int | int64 | uint64](n T) schema.Cell {
	if n < 0 {
		return schema.Text(strconv.FormatInt(int64(n), 10))
	}
	return schema.Text(strconv.FormatUint(uint64(n), 10))
}

// unix is 0 for what never happened.
func unix(t time.Time) schema.Cell {
	if t.IsZero() {
		return schema.Text("0")
	}
	return number(t.Unix())
}

// checksums has a row for each watch of each member.
func (c *Cluster) checksums() *schema.Rows {
	out := table("stats_proxysql_servers_checksums")
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, n := range c.nodes {
		for _, e := range c.state.Entries(n.peer) {
			out.Rows = append(out.Rows, schema.Row{
				schema.Text(n.peer.Host), number(n.peer.Port), schema.Text(e.Name), number(e.Version), number(e.Epoch),
				schema.Text(e.Checksum), unix(e.ChangedAt), unix(e.UpdatedAt), number(e.Diff),
			})
		}
	}
	return out
}

// metrics has a row for each member.
func (c *Cluster) metrics() *schema.Rows {
	out := table("stats_proxysql_servers_metrics")
	for _, n := range c.members() {
		out.Rows = append(out.Rows, n.row())
	}
	return out
}

func (n *node) row() schema.Row {
	n.mu.Lock()
	defer n.mu.Unlock()
	m := n.metrics
	value := func(name string) schema.Cell { return schema.Text(cmp.Or(m.values[name], "0")) }
	return schema.Row{
		schema.Text(n.peer.Host), number(n.peer.Port), schema.Text(n.member.weight), schema.Text(n.member.comment),
		number(m.response.Milliseconds()), value("ProxySQL_Uptime"), number(n.cluster.now().Sub(m.checked).Milliseconds()),
		value("Questions"), value("Client_Connections_connected"), value("Client_Connections_created"),
	}
}

// clients has a row for each admin session of a peer.
func (c *Cluster) clients() *schema.Rows {
	out := table("stats_proxysql_servers_clients_status")
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, l := range c.links {
		out.Rows = append(out.Rows, schema.Row{
			schema.Text(l.uuid), schema.Text(l.host), number(l.port), schema.Text(l.interfaces), number(l.seen.Load()),
		})
	}
	slices.SortFunc(out.Rows, func(a, b schema.Row) int {
		return cmp.Or(cmp.Compare(a[1].Text, b[1].Text), cmp.Compare(a[2].Text, b[2].Text))
	})
	return out
}
