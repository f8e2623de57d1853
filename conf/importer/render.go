package importer

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/keepsql/keepsql/conf"
	"github.com/keepsql/keepsql/conf/schema"
)

// place is what a line of the written text says: a process setting, a variable, or a row.
type place struct {
	setting  string // name of a process setting
	variable string // full name
	table    *table
	row      int // of table.rows
}

// text is the proxysql.cnf part as it is written, with what each line says.
type text struct {
	bytes.Buffer
	line   int
	places map[int]place // by line, from 1
}

// say writes one line. What comes from a source is quoted by now: it holds no line end.
func (t *text) say(p *place, format string, args ...any) {
	t.line++
	if p != nil {
		t.places[t.line] = *p
	}
	fmt.Fprintf(t, format+"\n", args...)
}

// sections says in a comment what each section of rows holds.
var sections = map[string]string{
	"mysql_servers":                              "servers by hostgroup",
	"mysql_users":                                "accounts, for clients and for servers",
	"mysql_query_rules":                          "rules, tried in the order of rule_id",
	"mysql_replication_hostgroups":               "pairs of hostgroups that servers move between by read_only",
	"mysql_group_replication_hostgroups":         "hostgroups of Group Replication clusters",
	"mysql_galera_hostgroups":                    "hostgroups of Galera clusters",
	"mysql_aws_aurora_hostgroups":                "hostgroups of Aurora clusters",
	"mysql_hostgroup_attributes":                 "settings of single hostgroups",
	"mysql_servers_ssl_params":                   "TLS towards single servers",
	"mysql_query_rules_fast_routing":             "routing by user and schema, after the rules",
	"proxysql_servers":                           "peers of the cluster",
	"scheduler":                                  "programs that are run at intervals",
	"restapi":                                    "scripts behind the REST interface",
	"mysql_firewall_whitelist_users":             "firewall: users",
	"mysql_firewall_whitelist_rules":             "firewall: allowed statements",
	"mysql_firewall_whitelist_sqli_fingerprints": "firewall: injection fingerprints that are no alarm",
}

// render writes the content.
func (c *content) render() *text {
	t := &text{places: map[int]place{}}
	for i, s := range c.process {
		if i == 0 {
			t.say(nil, "")
		}
		value, _ := settingText(s.Value)
		t.say(&place{setting: s.Name}, "%s=%s", s.Name, value)
	}
	prefixes := conf.VariableSections()
	for _, section := range slices.Sorted(maps.Keys(prefixes)) {
		c.renderVariables(t, section, prefixes[section])
	}
	for _, tab := range c.tables {
		tab.render(t)
	}
	return t
}

func (c *content) renderVariables(t *text, section, prefix string) {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(c.variables)) {
		if strings.HasPrefix(name, prefix) {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return
	}
	t.say(nil, "")
	t.say(nil, "%s =", section)
	t.say(nil, "{")
	for _, name := range names {
		v := schema.FindVariable(name)
		t.say(&place{variable: name}, "\t%s=%s%s", strings.TrimPrefix(name, prefix), variableText(v, c.variables[name]), usual(v))
	}
	t.say(nil, "}")
}

// usual is a comment with the default of a variable, where that is short.
func usual(v *schema.Variable) string {
	if v.Default == "" || len(v.Default) > 40 || strings.ContainsFunc(v.Default, func(r rune) bool { return !strconv.IsPrint(r) }) {
		return ""
	}
	return "  # default: " + v.Default
}

func (tab *table) render(t *text) {
	f := tab.form
	t.say(nil, "")
	t.say(nil, "# %s", sections[f.Section])
	if !f.Upstream && len(tab.rows) > 0 {
		t.say(nil, "# (ProxySQL itself does not read this section from a file)")
	}
	for _, l := range tab.left {
		t.say(nil, "# left out: %s: %s", l.key, l.why)
	}
	if len(tab.rows) == 0 {
		return
	}
	t.say(nil, "%s =", f.Section)
	t.say(nil, "(")
	for n, row := range tab.rows {
		group, err := rowText(f, row)
		if err != nil {
			panic(fmt.Sprintf("write a row of %s that was tried before: %v", f.Section, err))
		}
		comma := ","
		if n == len(tab.rows)-1 {
			comma = ""
		}
		t.say(&place{table: tab, row: n}, "\t%s%s", group, comma)
	}
	t.say(nil, ")")
}
