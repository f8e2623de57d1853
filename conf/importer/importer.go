package importer

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Sources are what is imported; at least one is named.
type Sources struct {
	Config     []string // proxysql.cnf files, as ProxySQL's -c
	Database   string   // proxysql.db, or the data directory it is in; only ever read
	Keepalived []string // keepalived.conf files
}

// ErrNoSource is returned when no source is named.
var ErrNoSource = errors.New("import: name at least one of a cnf, a database and a keepalived file")

// Import reads the sources and makes one config file of what is in force. It fails where a source
// cannot be read: a file that its own program could not read either, a database that is damaged
// or not ProxySQL's. Everything else is in the report.
func Import(src Sources) (*Result, error) {
	if len(src.Config) == 0 && src.Database == "" && len(src.Keepalived) == 0 {
		return nil, ErrNoSource
	}
	var r report
	cnf, err := readConfig(src.Config, &r)
	if err != nil {
		return nil, fmt.Errorf("import: %w", err)
	}
	var db *database
	if src.Database != "" {
		if db, err = readDatabase(src.Database); err != nil {
			return nil, fmt.Errorf("import: %w", err)
		}
		db.strangers(&r)
	}
	if cnf != nil && db != nil {
		differences(cnf, db, &r)
	}
	c := pick(cnf, db, &r)
	body, err := c.settle(&r)
	if err != nil {
		return nil, fmt.Errorf("import: %w", err)
	}
	c.tell(&r)
	k, err := readKeepalived(src.Keepalived, &r)
	if err != nil {
		return nil, fmt.Errorf("import: %w", err)
	}
	var out bytes.Buffer
	out.WriteString(head(src, db))
	out.Write(body.Bytes())
	if k != nil {
		out.WriteString(k.text(&r))
		k.check(out.Bytes(), &r)
	}
	start(cnf, db, k, c, &r)
	return &Result{Text: out.Bytes(), Report: r}, nil
}

// head is the comment the file begins with.
func head(src Sources, db *database) string {
	var b strings.Builder
	b.WriteString("# Configuration of keepsql: proxysql.cnf syntax and keepalived.conf syntax in one file.\n# Written by `keepsql import` from\n")
	role := "everything but keepalived's part"
	if db != nil {
		role = "process settings"
	}
	for _, name := range src.Config {
		fmt.Fprintf(&b, "#   %s (%s)\n", word(name), role)
	}
	if db != nil {
		fmt.Fprintf(&b, "#   %s (variables and rows: what was in force)\n", word(db.file))
	}
	for _, name := range src.Keepalived {
		fmt.Fprintf(&b, "#   %s (as it was)\n", word(name))
	}
	b.WriteString("# What is not written here has its default. The file holds passwords.\n")
	return b.String()
}

// strangers reports what the database has and this release does not, and the other way round.
func (d *database) strangers(r *report) {
	for _, table := range slices.Sorted(maps.Keys(d.lacking)) {
		r.add(Note, d.file, "table %s lacks %s: an older version wrote it; the defaults are used", table, strings.Join(d.lacking[table], ", "))
	}
	for _, table := range slices.Sorted(maps.Keys(d.extra)) {
		r.add(Warning, d.file, "table %s has columns this release does not know; they are left out: %s", table, strings.Join(d.extra[table], ", "))
	}
	for _, table := range slices.Sorted(maps.Keys(d.foreign)) {
		r.add(Warning, d.file, "table %s is not known to this release; %s not taken over", word(table), isLeft(d.foreign[table]))
	}
	if t := d.tables["mysql_collations"]; t != nil && len(t.Rows) > 0 {
		r.add(Note, d.file, "mysql_collations is not written: the collations are built in")
	}
}

// tell reports what the file cannot have, and what only keepsql reads in it.
func (c *content) tell(r *report) {
	for _, t := range c.tables {
		l := limited{r: r, severity: Warning, where: t.form.Section, what: "row"}
		for _, row := range t.left {
			l.add(t.form.Section, "(%s) is left out of the file: %s", row.key, row.why)
		}
		l.rest("are left out of the file")
		if t.changed > 0 {
			r.add(Note, t.form.Section, "%s with NULL in a text column: the file says '', which means the same", count(t.changed, "row"))
		}
		if t.merged > 0 {
			r.add(Note, t.form.Section, "%s had a row for the backend and one for the frontend; the file has one for both", count(t.merged, "user"))
		}
		if !t.form.Upstream && len(t.rows) > 0 {
			r.add(Note, t.form.Section, "%s written: keepsql reads this section, ProxySQL does not", isLeft(len(t.rows)))
		}
	}
}
