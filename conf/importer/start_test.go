package importer_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rs/zerolog"

	"github.com/keepsql/keepsql/conf/importer"
	"github.com/keepsql/keepsql/conf/layers"
	"github.com/keepsql/keepsql/conf/layers/layerstest"
	"github.com/keepsql/keepsql/conf/schema"
	"github.com/keepsql/keepsql/conf/store"
)

// What the report promises for the first start is what happens: rows and variables stay as they
// are, and nothing differs but what the report names.
func TestFirstStart(t *testing.T) {
	seed, err := filepath.Abs("testdata/seed")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(seed)); err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	res, err := importer.Import(host(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := importer.Write("keepsql.cnf", res.Text, false); err != nil {
		t.Fatal(err)
	}
	before := content(t)
	log := boot(t, "keepsql.cnf")
	after := content(t)
	for table, rows := range before {
		if strings.HasSuffix(table, "_variables") { // gains the defaults it lacked
			after[table] = only(after[table], rows)
		}
		if diff := cmp.Diff(rows, after[table]); diff != "" {
			t.Errorf("%s: %s", table, diff)
		}
	}
	// NULL and the empty text are no difference: a file cannot tell them apart.
	if strings.Contains(log, "differs from the database") {
		t.Errorf("the log of the first start:\n%s", log)
	}
}

// content is every table of the disk database.
func content(t *testing.T) map[string]*schema.Rows {
	t.Helper()
	s, err := store.Open(".")
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]*schema.Rows{}
	err = s.Tx(func(tx store.Tx) error {
		for _, table := range schema.Tables("disk") {
			rows, err := tx.Query("SELECT * FROM disk." + table.Name + " ORDER BY 1, 2")
			if err != nil {
				return err
			}
			out[table.Name] = rows
		}
		return nil
	})
	if err != nil || s.Close() != nil {
		t.Fatal(err)
	}
	return out
}

// only keeps the rows whose first column is in want.
func only(rows, want *schema.Rows) *schema.Rows {
	names := map[string]bool{}
	for _, r := range want.Rows {
		names[r[0].Text] = true
	}
	return rows.Filter(func(r schema.Row) bool { return names[r[0].Text] })
}

// boot starts the layers on the database of the working directory and gives their log.
func boot(t *testing.T, file string) string {
	t.Helper()
	var log strings.Builder
	stack := layerstest.Open(t, ".", layers.Options{Log: zerolog.New(&log), Version: "2.7.1-16-g2726c27"})
	defer stack.Close()
	if err := stack.Layers.Boot(layerstest.Read(t, file), false); err != nil {
		t.Fatal(err)
	}
	return log.String()
}
