package importer

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/keepsql/keepsql/conf"
	"github.com/keepsql/keepsql/conf/schema"
	"github.com/keepsql/keepsql/confparse"
)

// quote writes a string as libconfig reads it. Every byte survives: what is no printable UTF-8
// becomes \xHH.
func quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		switch i := strings.IndexRune("\n\r\t\f\\\"", r); {
		case i >= 0 && r != utf8.RuneError:
			b.WriteByte('\\')
			b.WriteByte(`nrtf\"`[i])
		case r == utf8.RuneError && n == 1 || !strconv.IsPrint(r) && r != ' ':
			for i := range n {
				fmt.Fprintf(&b, `\x%02x`, s[i])
			}
		default:
			b.WriteString(s[:n])
		}
		s = s[n:]
	}
	b.WriteByte('"')
	return b.String()
}

// whole tells whether a text is a whole number as libconfig writes and reads it back.
func whole(s string) bool {
	n, err := strconv.ParseInt(s, 10, 32)
	return err == nil && strconv.FormatInt(n, 10) == s
}

// columnText writes one column of a row; "" where it is left out. The error says why the file
// cannot have the value.
func columnText(c conf.FormColumn, cell schema.Cell) (string, error) {
	switch {
	case cell == c.Absent && (!c.Mandatory || c.Fixed):
		return "", nil
	case c.Fixed:
		return "", fmt.Errorf("%s is always %s in a file, here it is %s", c.Name, c.Absent.Text, say(c.Column, cell))
	case c.Integer() && !whole(cell.Text):
		return "", fmt.Errorf("%s is %s, which is no whole number of 32 bits", c.Name, say(c.Column, cell))
	case c.Integer():
		return c.Name + "=" + cell.Text, nil
	}
	return c.Name + "=" + quote(cell.Text), nil
}

// rowText writes one row as a group.
func rowText(f conf.Form, row schema.Row) (string, error) {
	var columns []string
	for i, c := range f.Columns {
		text, err := columnText(c, row[i])
		if err != nil {
			return "", err
		}
		if text != "" {
			columns = append(columns, text)
		}
	}
	return "{ " + strings.Join(columns, ", ") + " }", nil
}

// variableText writes the value of a variable.
func variableText(v *schema.Variable, value string) string {
	switch {
	case v.Kind == schema.Boolean && (value == "true" || value == "false"), v.Kind == schema.Integer && whole(value):
		return value
	}
	return quote(value)
}

// settingText writes a process setting as it was read.
func settingText(v confparse.Value) (string, bool) {
	switch v.Kind {
	case confparse.String:
		return quote(v.Str), true
	case confparse.Int:
		return strconv.FormatInt(v.Int, 10), true
	case confparse.Bool:
		return strconv.FormatBool(v.Bool), true
	}
	return "", false
}
