package conf

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/keepsql/keepsql/conf/schema"
	"github.com/keepsql/keepsql/confparse"
)

// cell turns a value into a cell; a value of the wrong type is ignored with a warning, as
// upstream ignores it without one.
func (r *rowDecoder) cell(s *confparse.Setting, c schema.Column) (schema.Cell, bool) {
	v := s.Value
	if c.Integer() {
		if v.Kind == confparse.Int {
			return r.whole(s, c), true
		}
		hint, wants := numberHint(s)
		r.d.warnAt(v.Pos, 1, CodeType, hint, "%s wants %s%s", s.Name, wants, r.instead(c))
		return schema.Cell{}, false
	}
	if v.Kind == confparse.String {
		return r.text(s, c), true
	}
	r.d.warnAt(v.Pos, 1, CodeType, "write it in double quotes", "%s wants a string%s", s.Name, r.instead(c))
	return schema.Cell{}, false
}

// instead says what takes the place of a value that is ignored.
func (r *rowDecoder) instead(c schema.Column) string {
	if slices.Contains(r.spec.mandatory, c.Name) {
		return ignoredSuffix
	}
	if d := r.spec.initial(c); !d.Null && d.Text != "" {
		return fmt.Sprintf("%s and the default %s is used", ignoredSuffix, d.Text)
	}
	return ignoredSuffix
}

// numberHint says how a value would be written as the whole number that is wanted.
func numberHint(s *confparse.Setting) (hint, wants string) {
	v := s.Value
	var text string
	switch v.Kind {
	case confparse.Float:
		text = strconv.FormatInt(int64(v.Float), 10)
	case confparse.Bool:
		text = map[bool]string{false: "0", true: "1"}[v.Bool]
	case confparse.String:
		if n, err := strconv.ParseInt(v.Str, 10, 32); err == nil {
			text = strconv.FormatInt(n, 10)
		}
	case confparse.Int64:
		if n := v.Int; int64(int32(n)) == n {
			text = strconv.FormatInt(n, 10)
		} else {
			return "", "a whole number of 32 bits"
		}
	}
	if text == "" {
		return "", "a whole number"
	}
	return fmt.Sprintf("write %s=%s", s.Name, text), "a plain whole number"
}

// whole gives a number; in rules upstream corrects what the table would refuse.
func (r *rowDecoder) whole(s *confparse.Setting, c schema.Column) schema.Cell {
	n := s.Value.Int
	cell := schema.Text(strconv.FormatInt(n, 10))
	if !r.spec.fold || slices.Contains(r.table.Key, c.Name) {
		return cell
	}
	switch {
	case n != 0 && n != 1 && strings.HasSuffix(strings.ReplaceAll(c.Check, " ", ""), "IN(0,1)"):
		r.d.warnAt(s.Value.Pos, 1, CodeConstraint, "", "%s is 0 or 1; %d is taken as 1", s.Name, n)
		return schema.Text("1")
	case n < 0 && !c.NotNull:
		r.d.warnAt(s.Value.Pos, 1, CodeConstraint, "", "%s cannot be negative; it counts as not set", s.Name)
		return schema.Null
	}
	return cell
}

// text gives a string; where upstream silently puts another in its place, so do we, and say so.
func (r *rowDecoder) text(s *confparse.Setting, c schema.Column) schema.Cell {
	f, ok := r.spec.fallback[c.Name]
	if !ok || slices.Contains(f.allowed, strings.ToLower(s.Value.Str)) {
		return schema.Text(s.Value.Str)
	}
	hint := "it is one of " + strings.Join(f.allowed, ", ")
	if near := confparse.Suggest(s.Value.Str, f.allowed); near != "" {
		hint = fmt.Sprintf("did you mean %q?", near)
	}
	r.d.warnAt(s.Value.Pos, len(s.Value.Str)+2, CodeConstraint, hint, "%s %q is not known and taken as %s", s.Name, s.Value.Str, f.text)
	return schema.Text(f.text)
}
