package conf

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/keepsql/keepsql/confparse"
)

// The codes of what this package reports; those of the syntax are confparse's.
const (
	CodeType            = "type"             // a value of another type than wanted
	CodeRange           = "range"            // a variable cannot take the value
	CodeConstraint      = "constraint"       // a table does not allow the value or the row
	CodeMandatory       = "mandatory"        // a row without a key it must have
	CodeDuplicateRow    = "duplicate-row"    // a later row replaces an earlier one
	CodeIgnored         = "ignored"          // known, without effect
	CodeUnknownColumn   = "unknown-column"   // a key of a group that is no column
	CodeUnknownVariable = "unknown-variable" // a name in a group of variables
	CodeUnknownSection  = "unknown-section"  // a name at top level
	CodeSkippedSection  = "skipped-section"  // a section for something keepsql does not do
)

// errorAt reports what keeps the configuration from being used, about width bytes at pos.
func (d *decoder) errorAt(pos confparse.Pos, width int, code, hint, format string, args ...any) {
	d.report(confparse.Error, pos, width, code, hint, fmt.Sprintf(format, args...))
}

// warnAt reports what does not.
func (d *decoder) warnAt(pos confparse.Pos, width int, code, hint, format string, args ...any) {
	d.report(confparse.Warning, pos, width, code, hint, fmt.Sprintf(format, args...))
}

func (d *decoder) report(sev confparse.Severity, pos confparse.Pos, width int, code, hint, message string) {
	d.ds = append(d.ds, confparse.Diagnostic{Pos: pos, Severity: sev, Message: message, Hint: hint, Width: width, Code: code})
}

// ignoredSuffix ends the message about a value that is ignored.
const ignoredSuffix = "; it is ignored"

// raise makes an error of the warning about the value at pos: the row is lost with it.
func (d *decoder) raise(pos confparse.Pos) {
	for i := range d.ds {
		if d.ds[i].Pos == pos && d.ds[i].Code == CodeType {
			d.ds[i].Severity = confparse.Error
			d.ds[i].Message = strings.TrimSuffix(d.ds[i].Message, ignoredSuffix)
		}
	}
}

// Arrange puts diagnostics into the order of the text and adds the source lines that lack.
func (f *File) Arrange(ds confparse.Diagnostics) {
	order := map[string]int{}
	for i, name := range f.tree.Files {
		order[name] = i
	}
	slices.SortStableFunc(ds, func(a, b confparse.Diagnostic) int {
		return cmp.Or(cmp.Compare(order[a.Pos.File], order[b.Pos.File]),
			cmp.Compare(a.Pos.Line, b.Pos.Line), cmp.Compare(a.Pos.Col, b.Pos.Col))
	})
	for i := range ds {
		if ds[i].Line == "" {
			ds[i].Line = f.tree.Line(ds[i].Pos)
		}
	}
}

// suggestion is the hint for a name that is not known.
func suggestion(name string, known []string) string {
	slices.Sort(known)
	if s := confparse.Suggest(name, known); s != "" {
		return fmt.Sprintf("did you mean %q?", s)
	}
	return ""
}
