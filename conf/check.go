package conf

import (
	"fmt"
	"maps"
	"slices"

	"github.com/keepsql/keepsql/conf/schema"
	"github.com/keepsql/keepsql/conf/store"
	"github.com/keepsql/keepsql/confparse"
)

// tryRows puts every row into an empty database in memory, so that the checks and keys of
// the tables speak before anything is touched.
func (d *decoder) tryRows() {
	db, err := store.Open("")
	if err != nil {
		d.report(confparse.Error, confparse.Pos{File: d.file.Main, Line: 1, Col: 1}, 1, "", fmt.Sprintf("try the configuration: %v", err))
		return
	}
	defer db.Close()
	for _, table := range slices.Sorted(maps.Keys(d.file.Tables)) {
		section := d.file.Tables[table]
		for i, row := range section.Rows.Rows {
			one := &schema.Rows{Columns: section.Rows.Columns, Rows: []schema.Row{row}}
			err := db.Tx(func(tx store.Tx) error { return tx.Insert("main."+table, one) })
			if err != nil {
				d.report(confparse.Error, section.At[i], 1, "", fmt.Sprintf("%s: %v", table, err))
			}
		}
	}
}
