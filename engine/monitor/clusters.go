package monitor

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/keepsql/keepsql/conf/layers"
	"github.com/keepsql/keepsql/conf/schema"
	"github.com/keepsql/keepsql/engine/monitor/verdict"
)

// readClusters reads the active rows of the tables of clusters.
func readClusters(s *layers.Snapshot) (out []verdict.Cluster) {
	for kind, table := range []string{
		verdict.GaleraCluster: "mysql_galera_hostgroups", verdict.GroupReplication: "mysql_group_replication_hostgroups",
		verdict.AuroraCluster: "mysql_aws_aurora_hostgroups",
	} {
		rows := s.Runtime[table]
		if rows == nil {
			continue
		}
		for i := range rows.Rows {
			if number(rows, i, "active") == 0 {
				continue
			}
			c := verdict.Cluster{
				Kind: verdict.Kind(kind), Writer: number(rows, i, "writer_hostgroup"), Reader: number(rows, i, "reader_hostgroup"),
				WriterReads: number(rows, i, "writer_is_also_reader"),
			}
			if c.Kind == verdict.AuroraCluster {
				c.Aurora = readAuroraRules(rows, i)
			} else {
				c.Backup, c.Offline = number(rows, i, "backup_writer_hostgroup"), number(rows, i, "offline_hostgroup")
				c.MaxWriters, c.MaxBehind = number(rows, i, "max_writers"), number(rows, i, "max_transactions_behind")
			}
			out = append(out, c)
		}
	}
	return out
}

func readAuroraRules(rows *schema.Rows, i int) verdict.AuroraRules {
	ms := func(column string) time.Duration { return time.Duration(number(rows, i, column)) * time.Millisecond }
	return verdict.AuroraRules{
		Port: number(rows, i, "aurora_port"), Domain: rows.Get(i, "domain_name").Text,
		MaxLag: ms("max_lag_ms"), AddLag: ms("add_lag_ms"), MinLag: ms("min_lag_ms"), Checks: number(rows, i, "lag_num_checks"),
		Interval: max(100*time.Millisecond, ms("check_interval_ms")), Timeout: max(80*time.Millisecond, ms("check_timeout_ms")),
		NewReaderWeight: number(rows, i, "new_reader_weight"),
	}
}

// readLoaded reads the servers as they were loaded.
func readLoaded(rows *schema.Rows) (out []verdict.Server) {
	if rows == nil {
		return nil
	}
	for i := range rows.Rows {
		out = append(out, verdict.Server{Hostgroup: number(rows, i, "hostgroup_id"), Addr: addrOf(rows, i), Weight: number(rows, i, "weight")})
	}
	return out
}

// join adds the checks of the clusters that a hostgroup belongs to.
func (t *task) join(clusters []verdict.Cluster, hostgroup int) {
	for _, c := range clusters {
		if !c.In(hostgroup) {
			continue
		}
		switch c.Kind {
		case verdict.GaleraCluster:
			t.galera = true
		case verdict.GroupReplication:
			t.group = true
		case verdict.AuroraCluster:
			if !slices.ContainsFunc(t.aurora, func(o verdict.Cluster) bool { return o.Writer == c.Writer }) {
				t.aurora = append(t.aurora, c)
			}
		}
	}
}

// arranged gives the servers in force after an arrangement. A row that comes is the one that was loaded for that hostgroup, so
// that weights of writers and readers may differ; where none was, it is copied from another of the server's.
func arranged(s *layers.Snapshot, a verdict.Arrange) *schema.Rows {
	rows := s.Runtime["mysql_servers"]
	column := rows.Index("hostgroup_id")
	out := &schema.Rows{Columns: rows.Columns}
	there := map[verdict.Spot]bool{}
	for i, r := range rows.Rows {
		spot := verdict.Spot{Hostgroup: number(rows, i, "hostgroup_id"), Addr: addrOf(rows, i)}
		at := slices.IndexFunc(a.Places, func(p verdict.Place) bool { return p.Addr == spot.Addr })
		hard := strings.EqualFold(rows.Get(i, "status").Text, "OFFLINE_HARD")
		if at >= 0 && !hard && slices.Contains(a.Groups, spot.Hostgroup) && !slices.Contains(a.Places[at].In, spot.Hostgroup) {
			continue
		}
		there[spot] = true
		out.Rows = append(out.Rows, r)
	}
	for _, p := range a.Places {
		for _, g := range p.In {
			if there[verdict.Spot{Hostgroup: g, Addr: p.Addr}] {
				continue
			}
			row := model(s, a.Groups, g, p)
			if row == nil {
				continue
			}
			row[column] = schema.Text(strconv.Itoa(g))
			out.Rows = append(out.Rows, row)
		}
	}
	return out
}

// model gives the row that a server's new row in a hostgroup is like; nil where it has none that may serve.
func model(s *layers.Snapshot, groups []int, hostgroup int, p verdict.Place) schema.Row {
	if p.New {
		return newServer(s, hostgroup, p)
	}
	var best schema.Row
	for _, rows := range []*schema.Rows{s.Source["mysql_servers"], s.Runtime["mysql_servers"]} {
		if rows == nil || !slices.Equal(rows.Columns, s.Runtime["mysql_servers"].Columns) {
			continue
		}
		for i, r := range rows.Rows {
			if addrOf(rows, i) != p.Addr || strings.EqualFold(rows.Get(i, "status").Text, "OFFLINE_HARD") {
				continue
			}
			switch g := number(rows, i, "hostgroup_id"); {
			case g == hostgroup:
				return slices.Clone(r)
			case best == nil && slices.Contains(groups, g):
				best = r
			}
		}
	}
	return slices.Clone(best)
}

// newServer gives the row of a server that was discovered: the columns' defaults, and servers_defaults of its hostgroup.
func newServer(s *layers.Snapshot, hostgroup int, p verdict.Place) schema.Row {
	columns := s.Runtime["mysql_servers"].Columns
	row := make(schema.Row, len(columns))
	for i, name := range columns {
		if c, ok := schema.Lookup("main", "mysql_servers").Column(name); ok {
			row[i] = c.Default
		}
	}
	set := func(column, value string) {
		if i := slices.Index(columns, column); i >= 0 {
			row[i] = schema.Text(value)
		}
	}
	defaults := serversDefaults(s.Runtime["mysql_hostgroup_attributes"], hostgroup)
	for _, name := range []string{"weight", "max_connections", "use_ssl"} {
		if n, ok := defaults[name]; ok {
			set(name, strconv.Itoa(n))
		}
	}
	if p.Weight >= 0 {
		set("weight", strconv.Itoa(p.Weight))
	}
	set("hostname", p.Host)
	set("port", strconv.Itoa(p.Port))
	return row
}

// serversDefaults reads servers_defaults of a hostgroup; what is not a number is left out.
func serversDefaults(rows *schema.Rows, hostgroup int) map[string]int {
	out := map[string]int{}
	if rows == nil {
		return out
	}
	for i := range rows.Rows {
		if number(rows, i, "hostgroup_id") != hostgroup {
			continue
		}
		var values map[string]json.Number
		if json.Unmarshal([]byte(rows.Get(i, "servers_defaults").Text), &values) == nil {
			for name, v := range values {
				if n, err := strconv.Atoi(v.String()); err == nil && n >= 0 {
					out[strings.ToLower(name)] = n
				}
			}
		}
	}
	return out
}
