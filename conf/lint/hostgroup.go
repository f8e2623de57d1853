package lint

import (
	"slices"
	"strconv"
)

// pairTables are the tables whose rows tie hostgroups together, and their columns.
var pairTables = []struct {
	table   string
	columns []string
}{
	{"mysql_replication_hostgroups", []string{"writer_hostgroup", "reader_hostgroup"}},
	{"mysql_group_replication_hostgroups", []string{"writer_hostgroup", "backup_writer_hostgroup", "reader_hostgroup", "offline_hostgroup"}},
	{"mysql_galera_hostgroups", []string{"writer_hostgroup", "backup_writer_hostgroup", "reader_hostgroup", "offline_hostgroup"}},
	{"mysql_aws_aurora_hostgroups", []string{"writer_hostgroup", "reader_hostgroup"}},
}

// clusters are the sets of hostgroups among which the monitor moves servers.
func (l *linter) clusters() [][]int {
	var out [][]int
	for _, p := range pairTables {
		for _, r := range l.table(p.table) {
			var set []int
			for _, c := range p.columns {
				if n, ok := r.number(c); ok {
					set = append(set, n)
				}
			}
			out = append(out, set)
		}
	}
	return out
}

// readers are the hostgroups that hold read-only servers.
func (l *linter) readers() map[int]bool {
	out := map[int]bool{}
	for _, p := range pairTables {
		for _, r := range l.table(p.table) {
			if n, ok := r.number("reader_hostgroup"); ok {
				out[n] = true
			}
		}
	}
	return out
}

// lead is a row that sends statements to a hostgroup.
type lead struct {
	row
	column, what string
	hostgroup    int
}

// leads lists them all: users, rules, mirrors, fast routing.
func (l *linter) leads() []lead {
	var out []lead
	add := func(r row, column, what string) {
		if n, ok := r.number(column); ok {
			out = append(out, lead{r, column, what, n})
		}
	}
	for _, u := range l.table("mysql_users") {
		if name, _ := u.text("username"); u.on("active") {
			add(u, "default_hostgroup", "user "+strconv.Quote(name))
		}
	}
	for _, r := range l.activeRules() {
		add(r, "destination_hostgroup", "rule "+ruleID(r))
		add(r, "mirror_hostgroup", "the mirror of rule "+ruleID(r))
	}
	for _, r := range l.table("mysql_query_rules_fast_routing") {
		name, _ := r.text("username")
		add(r, "destination_hostgroup", "fast routing of user "+strconv.Quote(name))
	}
	return out
}

// hostgroupUnreached keeps silent where the files leave users or servers to admin SQL.
func hostgroupUnreached(l *linter) {
	if len(l.table("mysql_users")) == 0 {
		return
	}
	reached := map[int]bool{}
	for _, d := range l.leads() {
		reached[d.hostgroup] = true
	}
	for _, set := range l.clusters() {
		for _, n := range set {
			reached[n] = true
		}
	}
	told := map[int]bool{}
	for _, s := range l.table("mysql_servers") {
		if n, ok := s.number("hostgroup_id"); ok && !reached[n] && !told[n] {
			told[n] = true
			l.at(s, "hostgroup_id", "", "no user, rule or hostgroup pair in these files leads to hostgroup %d", n)
		}
	}
}

func hostgroupEmpty(l *linter) {
	servers := l.table("mysql_servers")
	if len(servers) == 0 {
		return
	}
	filled := map[int]bool{}
	for _, s := range servers {
		if n, ok := s.number("hostgroup_id"); ok {
			filled[n] = true
		}
	}
	for _, set := range l.clusters() {
		if slices.ContainsFunc(set, func(n int) bool { return filled[n] }) {
			for _, n := range set {
				filled[n] = true
			}
		}
	}
	for _, d := range l.leads() {
		if !filled[d.hostgroup] {
			hint := ""
			if d.column == "default_hostgroup" && d.in.Rows.Get(d.n, d.column).Text == "0" {
				hint = "0 is the default of default_hostgroup"
			}
			l.at(d.row, d.column, hint, "%s leads to hostgroup %d, which has no servers in these files", d.what, d.hostgroup)
		}
	}
}
