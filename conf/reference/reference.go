// Package reference writes docs/reference.md: every variable, section, column and keyword there
// is, from the tables that parsing is driven by. It knows nothing of its own, so that the page
// cannot say anything else than the program does.
package reference

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/keepsql/keepsql/conf"
	"github.com/keepsql/keepsql/conf/lint"
	"github.com/keepsql/keepsql/conf/schema"
	"github.com/keepsql/keepsql/conf/vrrpconf"
)

// Page is the text of docs/reference.md.
func Page() string {
	p := &page{}
	p.line("# Reference\n\nThis page is generated: `go test ./conf/reference -update` writes it anew.\n")
	p.settings()
	p.sections()
	p.variables()
	p.keywords()
	p.findings()
	return p.String()
}

type page struct{ strings.Builder }

func (p *page) line(format string, args ...any) { fmt.Fprintf(p, format+"\n", args...) }

// row writes one row of a table; a bar in a cell would end it.
func (p *page) row(cells ...string) {
	for i := range cells {
		cells[i] = strings.ReplaceAll(cells[i], "|", `\|`)
	}
	p.line("| %s |", strings.Join(cells, " | "))
}

// head writes the first two lines of a table.
func (p *page) head(columns ...string) {
	n := len(columns)
	p.row(columns...)
	p.line("|%s", strings.Repeat("---|", n))
}

func code(s string) string {
	if s == "" {
		return ""
	}
	return "`" + s + "`"
}

func (p *page) settings() {
	p.line("## Settings at top level\n")
	p.head("Setting", "Type")
	for _, name := range conf.ProcessSettings() {
		p.row(code(name), conf.ProcessType(name))
	}
	p.line("")
}

func (p *page) sections() {
	p.line("## Sections of rows\n\nEach is a list of groups: `name = ( { key=value, … }, … )`. A key in bold must be there.\n")
	for _, s := range conf.Forms() {
		p.line("### %s\n", s.Section)
		if s.Table != s.Section {
			p.line("Rows of the table `%s`.\n", s.Table)
		}
		if !s.Upstream {
			p.line("ProxySQL does not read this section from its file.\n")
		}
		if s.Skip {
			p.line("A row without one of its keys is skipped with a warning.\n")
		}
		p.head("Key", "Type", "Default", "Allowed")
		for _, k := range s.Columns {
			p.row(keyNames(k), map[bool]string{true: "number", false: "string"}[k.Integer()], keyDefault(k), code(k.Check))
		}
		p.line("")
	}
	p.line("### Skipped\n")
	foreign := conf.ForeignSections()
	for _, name := range slices.Sorted(maps.Keys(foreign)) {
		p.line("- `%s`: %s", name, foreign[name])
	}
	p.line("")
}

func keyNames(k conf.FormColumn) string {
	list := code(k.Name)
	for _, n := range k.Synonyms {
		list += ", " + code(n)
	}
	if k.Mandatory {
		return "**" + list + "**"
	}
	return list
}

func keyDefault(k conf.FormColumn) string {
	switch {
	case k.Mandatory:
		return ""
	case k.Fixed:
		return "always " + code(k.Absent.Text)
	case k.Absent.Null:
		return code("NULL")
	case k.Absent.Text == "":
		return "empty"
	}
	return code(k.Absent.Text)
}

func (p *page) variables() {
	p.line("## Variables\n")
	p.line("In a file they stand in a group, without their prefix: `mysql_variables = { threads=4 }`. Times are in")
	p.line("milliseconds where nothing else is said.\n")
	for _, prefix := range []string{"mysql-", "admin-", "keepsql-", "sqliteserver-", "clickhouse-"} {
		list := schema.Variables(prefix)
		if len(list) == 0 {
			continue
		}
		p.line("### %s\n", strings.TrimSuffix(prefix, "-"))
		p.head("Variable", "Default", "Allowed", "Applies", "What it is")
		for _, v := range list {
			p.row(code(v.Name), code(v.Default), v.Allowed(), applies(v), v.Doc)
		}
		p.line("")
	}
}

func applies(v schema.Variable) string {
	switch {
	case v.Unused != "":
		return "no effect: " + v.Unused
	case v.Restart:
		return "at a restart"
	}
	return "live"
}

func (p *page) keywords() {
	p.line("## Keywords of keepalived.conf\n")
	for _, b := range vrrpconf.Blocks() {
		name := b.Name
		if name == "" {
			name = "Root level"
		}
		p.line("### %s\n", name)
		p.head("Keyword", "Words that must follow", "What keepsql does with it")
		for _, k := range b.Keywords {
			p.row(code(k.Name), fmt.Sprint(k.Words), k.Effect)
		}
		p.line("")
	}
}

func (p *page) findings() {
	p.line("## What `keepsql check` finds in correct files\n")
	p.head("Code", "Finding")
	for _, r := range lint.Rules() {
		p.row(code(r.Code), r.Says)
	}
}
