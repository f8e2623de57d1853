package importer_test

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/keepsql/keepsql/conf"
	"github.com/keepsql/keepsql/conf/importer"
	"github.com/keepsql/keepsql/conf/schema"
	"github.com/keepsql/keepsql/conf/store"
	"github.com/keepsql/keepsql/confparse"
)

// state is what a config file comes to: the rows of tables and the variables that do not have
// their default.
type state struct {
	Tables    map[string][]schema.Row
	Variables map[string]string
}

// Whatever rows and variables a database holds, the written file says exactly the same.
func TestRoundTrip(t *testing.T) {
	dir, empty := t.TempDir(), t.TempDir()
	if s, err := store.Open(empty); err != nil || s.Close() != nil { // made once: it takes many writes
		t.Fatal(err)
	}
	if f := flag.Lookup("rapid.checks"); f.Value.String() == f.DefValue { // each has all tables in it
		if err := f.Value.Set("30"); err != nil {
			t.Fatal(err)
		}
	}
	n := 0
	rapid.Check(t, func(t *rapid.T) {
		n++
		home := filepath.Join(dir, fmt.Sprint(n))
		if err := os.CopyFS(home, os.DirFS(empty)); err != nil {
			t.Fatal(err)
		}
		want, err := fill(t, home)
		if err != nil {
			t.Fatal(err)
		}
		res, err := importer.Import(importer.Sources{Database: home})
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range res.Report {
			if strings.Contains(f.Message, "left out") || strings.Contains(f.Message, "not written") {
				t.Fatal(f)
			}
		}
		if diff := cmp.Diff(want, meaning(t, res.Text)); diff != "" {
			t.Fatalf("%s\n%s", diff, res.Text)
		}
		if err := os.RemoveAll(home); err != nil {
			t.Fatal(err)
		}
	})
}

// meaning parses a written file.
func meaning(t interface{ Fatalf(string, ...any) }, text []byte) state {
	g := &conf.Generation{Names: []string{"f"}, Texts: map[string][]byte{"f": text}}
	file, ds := g.Parse()
	if len(ds) > 0 {
		t.Fatalf("%s\n%s", ds, text)
	}
	s := state{Tables: map[string][]schema.Row{}, Variables: map[string]string{}}
	for table, section := range file.Tables {
		s.Tables[table] = section.Rows.Rows
	}
	for _, v := range file.Variables {
		s.Variables[v.Name] = v.Value
	}
	return s
}

// fill puts random content into a database and tells what a file of it must say.
func fill(t *rapid.T, home string) (want state, err error) {
	want = state{Tables: map[string][]schema.Row{}, Variables: map[string]string{}}
	s, err := store.Open(home)
	if err != nil {
		return want, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	return want, s.Tx(func(tx store.Tx) error {
		if err := fillVariables(t, tx, want.Variables); err != nil {
			return err
		}
		for _, f := range conf.Forms() {
			rows, err := fillTable(t, tx, f)
			if err != nil {
				return err
			}
			if len(rows) > 0 {
				want.Tables[f.Table] = rows
			}
		}
		return nil
	})
}

func fillVariables(t *rapid.T, tx store.Tx, want map[string]string) error {
	all := schema.Variables("")
	for range rapid.IntRange(0, 10).Draw(t, "variables") {
		v := rapid.SampledFrom(all).Draw(t, "variable")
		if v.Kind == schema.Release || strings.HasPrefix(v.Name, "clickhouse-") {
			continue
		}
		value := anyText.Draw(t, "value")
		switch v.Kind {
		case schema.Boolean:
			value = rapid.SampledFrom([]string{"true", "false", "TRUE", "0", "1"}).Draw(t, "bool")
		case schema.Integer:
			value = fmt.Sprint(rapid.Int64Range(v.Min, v.Max).Draw(t, "int"))
		case schema.Enum:
			value = rapid.SampledFrom(v.Values).Draw(t, "enum")
		}
		inForce, err := v.Check(value)
		if err != nil {
			continue
		}
		table := "disk.global_variables"
		if strings.HasPrefix(v.Name, "keepsql-") {
			table = "disk.keepsql_variables"
		}
		if err := tx.Exec("INSERT OR REPLACE INTO "+table+" VALUES(?,?)", schema.Text(v.Name), schema.Text(value)); err != nil {
			return err
		}
		if delete(want, v.Name); inForce != v.Default {
			want[v.Name] = inForce
		}
	}
	return nil
}

// fillTable tries to insert random rows and gives those that the table took, as a file says them.
func fillTable(t *rapid.T, tx store.Tx, f conf.Form) ([]schema.Row, error) {
	var names, marks []string
	for _, c := range f.Columns {
		names, marks = append(names, `"`+c.Name+`"`), append(marks, "?")
	}
	list := strings.Join(names, ",")
	for range rapid.IntRange(0, 4).Draw(t, f.Table) {
		var row schema.Row
		for _, c := range f.Columns {
			row = append(row, anyCell(t, f, c))
		}
		insert := fmt.Sprintf("INSERT OR IGNORE INTO disk.%s(%s) VALUES(%s)", f.Table, list, strings.Join(marks, ","))
		if err := tx.Exec(insert, row...); err != nil {
			return nil, err
		}
	}
	took, err := tx.Query("SELECT " + list + " FROM disk." + f.Table)
	if err != nil {
		return nil, err
	}
	for _, row := range took.Rows {
		for i, c := range f.Columns {
			if row[i].Null && !c.Absent.Null && !c.Integer() {
				row[i] = schema.Text("") // a file has no NULL where its default is another text
			}
		}
	}
	return took.Rows, nil
}

var (
	nasty = rapid.SampledFrom([]rune("\"\\\n\r\t\f\x00\x01\x7f'#!{}()=;,$@é漢😀\u00a0\u2028\ufeff xn41"))
	// anyText has everything that quoting can get wrong, and bytes that are no UTF-8.
	anyText = rapid.OneOf(
		rapid.StringOfN(nasty, 0, 12, -1), rapid.String(),
		rapid.Map(rapid.SliceOfN(rapid.Byte(), 0, 6), func(b []byte) string { return string(b) }),
	)
)

// anyCell draws a value that the column may take; where columns depend on each other the table
// decides.
func anyCell(t *rapid.T, f conf.Form, c conf.FormColumn) schema.Cell {
	key := slices.Contains(schema.Lookup("main", f.Table).Key, c.Name)
	switch {
	case c.Fixed:
		return c.Absent
	case !c.NotNull && !key && rapid.IntRange(0, 2).Draw(t, "null") == 0:
		return schema.Null
	case c.Default.Null || rapid.Bool().Draw(t, "set"):
	default:
		return c.Default
	}
	if c.Integer() {
		high := rapid.SampledFrom([]int{1, 5, 100, 1000, 65535, 1<<31 - 1}).Draw(t, "high")
		return schema.Text(fmt.Sprint(rapid.IntRange(0, high).Draw(t, c.Name)))
	}
	switch {
	case strings.Contains(c.Check, "JSON_VALID"):
		return schema.Text(rapid.SampledFrom([]string{"", "{}", `{"a":"\"b\\c"}`, `{"init_connect":"SET @x='é'"}`}).Draw(t, c.Name))
	case c.Name == "status":
		return schema.Text(rapid.SampledFrom([]string{"ONLINE", "SHUNNED", "OFFLINE_SOFT", "offline_hard"}).Draw(t, c.Name))
	case c.Name == "check_type":
		return schema.Text(rapid.SampledFrom([]string{"read_only", "super_read_only", "read_only&innodb_read_only"}).Draw(t, c.Name))
	case c.Name == "mode":
		return schema.Text(rapid.SampledFrom([]string{"OFF", "DETECTING", "PROTECTING"}).Draw(t, c.Name))
	case c.Name == "method":
		return schema.Text(rapid.SampledFrom([]string{"GET", "POST"}).Draw(t, c.Name))
	case c.Name == "domain_name":
		return schema.Text("." + anyText.Draw(t, c.Name))
	}
	return schema.Text(anyText.Draw(t, c.Name))
}

// What an import wrote is imported as the same file again.
func FuzzImport(f *testing.F) {
	for _, name := range []string{"testdata/seed/proxysql.cnf", "testdata/cnf/proxysql.cnf", "testdata/seed/want.cnf", "testdata/old/want.cnf"} {
		text, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		before, _, _ := strings.Cut(string(text), "# from ") // keepalived's part
		f.Add([]byte(before))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		t.Chdir(t.TempDir())
		if strings.Contains(string(text), "@include") || os.WriteFile("a", text, 0o600) != nil {
			t.Skip()
		}
		first, err := importer.Import(importer.Sources{Config: []string{"a"}})
		if err != nil {
			return // not ProxySQL's grammar
		}
		if err := os.WriteFile("a", first.Text, 0o600); err != nil {
			t.Fatal(err)
		}
		again, err := importer.Import(importer.Sources{Config: []string{"a"}})
		if err != nil {
			t.Fatalf("%v\n%s", err, first.Text)
		}
		if diff := cmp.Diff(body(first.Text), body(again.Text)); diff != "" {
			t.Errorf("%s\n%s", diff, first.Text)
		}
	})
}

// body is a file without comments, as far as they stand on lines of their own.
func body(text []byte) (lines []string) {
	for line := range strings.SplitSeq(string(text), "\n") {
		if line != "" && line[0] != '#' {
			lines = append(lines, line)
		}
	}
	return lines
}

// The keepalived half of the written file says what the sources said.
func TestKeepalivedRoundTrip(t *testing.T) {
	for _, name := range []string{"seed", "keepalived"} {
		t.Run(name, func(t *testing.T) {
			source, err := filepath.Abs(filepath.Join("testdata", name, "keepalived.conf"))
			if err != nil {
				t.Fatal(err)
			}
			res, err := importer.Import(importer.Sources{Keepalived: []string{source}})
			if err != nil {
				t.Fatal(err)
			}
			written := filepath.Join(t.TempDir(), "keepsql.cnf")
			if err := os.WriteFile(written, res.Text, 0o600); err != nil {
				t.Fatal(err)
			}
			want, ds := confparse.Parse(confparse.Files{}, source)
			got, more := confparse.Parse(confparse.Files{}, written)
			if len(ds)+len(more) > 0 {
				t.Fatal(ds, more)
			}
			ignore := cmp.Comparer(func(confparse.Pos, confparse.Pos) bool { return true })
			if diff := cmp.Diff(want.Keywords, got.Keywords, ignore); diff != "" {
				t.Error(diff)
			}
		})
	}
}
