// Package cnfwriter writes rows as the text of a proxysql.cnf.
//
//  1. Text takes rows of schema main, by table, and writes a section for each table that has some, in the order of a sample
//     configuration, and groups of variables;
//  2. strings are escaped, so that any text survives; package conf, reading what was written, gives the same rows;
//  3. what the format cannot say (a user that is backend only, an inactive cluster hostgroup) is written as a comment and
//     counted, never dropped in silence.
//
// The package knows the sections by name, and neither files nor databases.
package cnfwriter

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/keepsql/keepsql/conf/schema"
)

// Content is what there is to write.
type Content struct {
	// Settings are top-level settings by name and value, in order; those with an empty value are left out. Values are strings.
	Settings [][2]string
	// Variables has the columns variable_name and variable_value, with full names; what cannot be set is left out.
	Variables *schema.Rows
	Tables    map[string]*schema.Rows // by table of schema main
}

// section is a list of groups and the table whose rows it holds.
type section struct{ name, table string }

// sections in the order they are written.
var sections = []section{
	{"mysql_servers", "mysql_servers"},
	{"mysql_replication_hostgroups", "mysql_replication_hostgroups"},
	{"mysql_group_replication_hostgroups", "mysql_group_replication_hostgroups"},
	{"mysql_galera_hostgroups", "mysql_galera_hostgroups"},
	{"mysql_aws_aurora_hostgroups", "mysql_aws_aurora_hostgroups"},
	{"mysql_hostgroup_attributes", "mysql_hostgroup_attributes"},
	{"mysql_servers_ssl_params", "mysql_servers_ssl_params"},
	{"mysql_users", "mysql_users"},
	{"mysql_query_rules", "mysql_query_rules"},
	{"mysql_query_rules_fast_routing", "mysql_query_rules_fast_routing"},
	{"mysql_firewall_whitelist_users", "mysql_firewall_whitelist_users"},
	{"mysql_firewall_whitelist_rules", "mysql_firewall_whitelist_rules"},
	{"mysql_firewall_whitelist_sqli_fingerprints", "mysql_firewall_whitelist_sqli_fingerprints"},
	{"scheduler", "scheduler"},
	{"restapi", "restapi_routes"},
	{"proxysql_servers", "proxysql_servers"},
}

// Tables lists the tables that Text can write.
func Tables() []string {
	names := make([]string, len(sections))
	for i, s := range sections {
		names[i] = s.table
	}
	return names
}

// fixed are the columns that a section cannot set, and what they always are.
var fixed = map[string]map[string]string{
	"mysql_users":                        {"backend": "1", "frontend": "1"},
	"mysql_group_replication_hostgroups": {"active": "1"},
	"mysql_galera_hostgroups":            {"active": "1"},
	"mysql_aws_aurora_hostgroups":        {"active": "1"},
}

// Text writes the content. unsaid counts the rows that are comments because the format cannot say them.
func Text(c Content) (text string, unsaid int) {
	var b strings.Builder
	for _, s := range c.Settings {
		if s[1] != "" {
			fmt.Fprintf(&b, "%s=%s\n", s[0], quote(s[1]))
		}
	}
	for _, mod := range schema.Modules() {
		if mod.Prefix != "" {
			writeVariables(&b, mod, c.Variables)
		}
	}
	for _, s := range sections {
		if rows := c.Tables[s.table]; rows != nil && len(rows.Rows) > 0 {
			unsaid += writeSection(&b, s, rows)
		}
	}
	return b.String(), unsaid
}

// writeVariables writes the variables of one module as a group.
func writeVariables(b *strings.Builder, mod schema.Module, rows *schema.Rows) {
	if rows == nil {
		return
	}
	open := false
	for i := range rows.Rows {
		name, value := rows.Get(i, "variable_name").Text, rows.Get(i, "variable_value").Text
		v := schema.FindVariable(name)
		if v == nil || v.Kind == schema.Release || !strings.HasPrefix(name, mod.Prefix) {
			continue
		}
		if !open {
			fmt.Fprintf(b, "\n%s=\n{\n", mod.Name)
			open = true
		}
		fmt.Fprintf(b, "\t%s=%s\n", strings.TrimPrefix(name, mod.Prefix), quote(value))
	}
	if open {
		b.WriteString("}\n")
	}
}

// writeSection writes a row a line.
func writeSection(b *strings.Builder, s section, rows *schema.Rows) (unsaid int) {
	table := schema.Lookup("main", s.table)
	if s.table == "mysql_users" {
		rows = joinUsers(rows)
	}
	fmt.Fprintf(b, "\n%s=\n(\n", s.name)
	for _, row := range rows.Rows {
		var fields, odd []string
		for i, name := range rows.Columns {
			column, known := table.Column(name)
			if always, is := fixed[s.table][column.Name]; is {
				if row[i].Text != always {
					odd = append(odd, column.Name+"="+row[i].Text)
				}
				continue
			}
			if field, ok := writeField(column, row[i]); known && ok {
				fields = append(fields, field)
			}
		}
		line := "\t{ " + strings.Join(fields, ", ") + " },\n"
		if len(odd) > 0 {
			unsaid++
			line = "\t# a section cannot say " + strings.Join(odd, ", ") + ":\n\t# " + line[1:]
		}
		b.WriteString(line)
	}
	b.WriteString(")\n")
	return unsaid
}

// writeField writes one column. NULL is written by leaving the column out, and so is a text in a column of numbers, which would
// not be read.
func writeField(c schema.Column, cell schema.Cell) (string, bool) {
	if cell.Null {
		return "", false
	}
	if !c.Integer() {
		return c.Name + "=" + quote(cell.Text), true
	}
	n, err := strconv.ParseInt(cell.Text, 10, 64)
	if err != nil {
		return "", false
	}
	return c.Name + "=" + strconv.FormatInt(n, 10), true
}

// quote writes a string as libconfig reads it.
func quote(text string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i := range len(text) {
		switch c := text[i]; c {
		case '"', '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case '\n':
			b.WriteString(`\n`)
		case '\r':
			b.WriteString(`\r`)
		case '\t':
			b.WriteString(`\t`)
		case '\f':
			b.WriteString(`\f`)
		default:
			if c < ' ' || c == 0x7f {
				fmt.Fprintf(&b, `\x%02X`, c)
			} else {
				b.WriteByte(c)
			}
		}
	}
	b.WriteByte('"')
	return b.String()
}
