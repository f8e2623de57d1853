package monitor

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/keepsql/keepsql/conf/layers"
	"github.com/keepsql/keepsql/conf/schema"
	"github.com/keepsql/keepsql/engine/monitor/verdict"
)

// readServers makes of the module's snapshot what package verdict works with.
func readServers(s *layers.Snapshot, set *settings, pool Pool) verdict.Config {
	c := verdict.Config{Limits: set.limits}
	c.Loaded = readLoaded(s.Source["mysql_servers"])
	c.Clusters = readClusters(s)
	rows := s.Runtime["mysql_servers"]
	for i := range rows.Rows {
		hostgroup := number(rows, i, "hostgroup_id")
		null := set.lagWhenNull
		if own := pool.LagWhenNull(hostgroup); own >= 0 {
			null = time.Duration(own) * time.Second
		}
		c.Servers = append(c.Servers, verdict.Server{
			Hostgroup: hostgroup, Addr: addrOf(rows, i), Weight: number(rows, i, "weight"),
			MaxLag:   time.Duration(number(rows, i, "max_replication_lag")) * time.Second,
			LagNull:  null,
			Unwanted: strings.EqualFold(rows.Get(i, "status").Text, "OFFLINE_HARD"),
			Soft:     strings.EqualFold(rows.Get(i, "status").Text, "OFFLINE_SOFT"),
		})
	}
	if pairs := s.Runtime["mysql_replication_hostgroups"]; pairs != nil {
		for i := range pairs.Rows {
			c.Pairs = append(c.Pairs, verdict.Pair{
				Writer: number(pairs, i, "writer_hostgroup"), Reader: number(pairs, i, "reader_hostgroup"),
				Check: strings.ToLower(pairs.Get(i, "check_type").Text),
			})
		}
	}
	return c
}

func addrOf(rows *schema.Rows, i int) verdict.Addr {
	return verdict.Addr{Host: rows.Get(i, "hostname").Text, Port: number(rows, i, "port")}
}

// number reads a cell that the table's CHECKs keep a number; anything else is 0.
func number(rows *schema.Rows, i int, column string) int {
	n, _ := strconv.Atoi(rows.Get(i, column).Text)
	return n
}

// checksOf lists the check_types a server is to be asked for.
func checksOf(c verdict.Config, a verdict.Addr) (list []string) {
	for _, p := range c.Pairs {
		in := slices.ContainsFunc(c.Servers, func(s verdict.Server) bool {
			return s.Addr == a && (s.Hostgroup == p.Writer || s.Hostgroup == p.Reader)
		})
		if in && readOnlyQueries[p.Check] != "" && !slices.Contains(list, p.Check) {
			list = append(list, p.Check)
		}
	}
	return list
}

// place gives the servers in force after a move: the server's row is copied to where it belongs, with all its columns, and
// taken out of where it does not. It is nil where there is nothing to move.
func place(rows *schema.Rows, a verdict.Move) *schema.Rows {
	from, to := a.Reader, a.Writer
	if a.ReadOnly {
		from, to = a.Writer, a.Reader
	}
	column := rows.Index("hostgroup_id")
	out := &schema.Rows{Columns: rows.Columns}
	var source schema.Row
	there := false
	for i, r := range rows.Rows {
		if addrOf(rows, i) == a.Addr {
			switch number(rows, i, "hostgroup_id") {
			case from:
				source = r
				if !a.Reads {
					continue
				}
			case to:
				there = true
			}
		}
		out.Rows = append(out.Rows, r)
	}
	if source == nil {
		return nil
	}
	if !there {
		r := slices.Clone(source)
		r[column] = schema.Text(strconv.Itoa(to))
		out.Rows = append(out.Rows, r)
	}
	return out
}
