package conf

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/keepsql/keepsql/conf/schema"
	"github.com/keepsql/keepsql/conf/store"
	"github.com/keepsql/keepsql/confparse"
)

// tryRows puts every row into an empty database in memory, so that the checks and keys of
// the tables speak before anything is touched.
func (d *decoder) tryRows() {
	if len(d.file.Tables) == 0 {
		return
	}
	db, err := store.Scratch()
	if err != nil {
		d.errorAt(confparse.Pos{File: d.file.Main, Line: 1, Col: 1}, 1, confparse.CodeFile, "", "try the configuration: %v", err)
		return
	}
	defer db.Close()
	for _, table := range slices.Sorted(maps.Keys(d.file.Tables)) {
		section := d.file.Tables[table]
		if db.Tx(func(tx store.Tx) error { return tx.Insert("main."+table, &section.Rows) }) == nil {
			continue
		}
		for i, row := range section.Rows.Rows {
			one := &schema.Rows{Columns: section.Rows.Columns, Rows: []schema.Row{row}}
			err := db.Tx(func(tx store.Tx) error { return tx.Insert("main."+table, one) })
			if err != nil {
				d.refused(table, section, i, err.Error())
			}
		}
	}
}

var word = regexp.MustCompile(`[A-Za-z_]+`)

// refused reports a row that its table does not take, at the value that the database names
// first of those the file sets.
func (d *decoder) refused(table string, section *Section, row int, cause string) {
	hint := ""
	if check, ok := strings.CutPrefix(cause, "CHECK constraint failed: "); ok {
		cause, hint = check, "the table demands "+check
	}
	for _, column := range word.FindAllString(cause, -1) {
		set := section.setting(row, column)
		if set == nil {
			continue
		}
		message := fmt.Sprintf("%s: %s = %s is not possible", table, set.Name, section.Rows.Get(row, column).Text)
		if hint == "" {
			message += ": " + cause
		}
		d.report(confparse.Error, set.Value.Pos, 1, CodeConstraint, hint, message)
		return
	}
	d.errorAt(section.At[row], 1, CodeConstraint, hint, "%s: %s", table, cause)
}
