package importer

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/keepsql/keepsql/conf"
	"github.com/keepsql/keepsql/conf/schema"
	"github.com/keepsql/keepsql/confparse"
)

// textName is what the text under way is called where it is read back.
const textName = "import"

// errUnsettled cannot happen: each round leaves something out.
var errUnsettled = errors.New("it does not read back as it was written")

// settle writes the content, reads it back, and leaves out what does not read back as it was
// meant, until all does.
func (c *content) settle(r *report) (*text, error) {
	for range 10 { // each step of reading reports all it finds: a few rounds do
		t := c.render()
		bad, err := c.misread(t)
		if err != nil {
			return nil, fmt.Errorf("write the file: %w", err)
		}
		if len(bad) == 0 {
			return t, nil
		}
		c.drop(t, bad, r)
	}
	return nil, fmt.Errorf("write the file: %w", errUnsettled)
}

// misread reads a text back and tells what went wrong, by line.
func (c *content) misread(t *text) (map[int]string, error) {
	g := &conf.Generation{Names: []string{textName}, Texts: map[string][]byte{textName: t.Bytes()}}
	file, ds := g.Parse()
	bad, said := map[int]string{}, map[int]string{}
	for _, d := range ds {
		said[d.Pos.Line] = d.Message
		if d.Severity != confparse.Error {
			continue
		}
		if _, ours := t.places[d.Pos.Line]; !ours {
			return nil, fmt.Errorf("line %d: %s", d.Pos.Line, d.Message)
		}
		bad[d.Pos.Line] = d.Message
	}
	got := readBack(file)
	for line, p := range t.places {
		if bad[line] != "" || got.holds(c, p) {
			continue
		}
		if bad[line] = said[line]; bad[line] == "" {
			bad[line] = errUnsettled.Error()
		}
	}
	return bad, nil
}

// echo is what a file says, for looking things up.
type echo struct {
	variables map[string]string
	rows      map[string]map[string]schema.Row // by table and key
}

func readBack(file *conf.File) *echo {
	e := &echo{variables: map[string]string{}, rows: map[string]map[string]schema.Row{}}
	for _, v := range file.Variables {
		e.variables[v.Name] = v.Value
	}
	for _, f := range conf.Forms() {
		s := file.Tables[f.Table]
		if s == nil {
			continue
		}
		e.rows[f.Table] = map[string]schema.Row{}
		for _, row := range s.Rows.Rows {
			e.rows[f.Table][keyWords(f, row)] = row
		}
	}
	return e
}

// holds tells whether the file says what a line was written for.
func (e *echo) holds(c *content, p place) bool {
	switch {
	case p.variable != "":
		got, ok := e.variables[p.variable]
		return ok && got == c.variables[p.variable]
	case p.table != nil:
		want := p.table.rows[p.row]
		return slices.Equal(e.rows[p.table.form.Table][keyWords(p.table.form, want)], want)
	}
	return true
}

// drop takes out what cannot be written. Rows are told about with the others that are left out.
func (c *content) drop(t *text, bad map[int]string, r *report) {
	lines := slices.Sorted(maps.Keys(bad))
	slices.Reverse(lines) // so that the numbers of rows stay right
	for _, line := range lines {
		p, why := t.places[line], bad[line]
		switch {
		case p.table != nil:
			p.table.leave(p.table.rows[p.row], why)
			p.table.rows = slices.Delete(p.table.rows, p.row, p.row+1)
		case p.variable != "":
			r.add(Warning, p.variable, "it is not written: %s", oneLine(why))
			delete(c.variables, p.variable)
		default:
			r.add(Warning, p.setting, "it is not written: %s", oneLine(why))
			c.process = slices.DeleteFunc(c.process, func(s *confparse.Setting) bool { return s.Name == p.setting })
		}
	}
}
