package confparse

import (
	"cmp"
	"fmt"
	"slices"
)

// add notes a problem. When there are too many, parsing ends with one that says so.
func (p *parser) add(d Diagnostic) {
	if p.stop && len(p.diags) >= maxDiagnostics {
		return
	}
	if len(p.diags) == maxDiagnostics-1 {
		d.Severity, d.Code, d.Hint = Error, CodeLimit, ""
		d.Message = "too many problems, the rest is not read"
		p.stop = true
	}
	p.diags = append(p.diags, d)
}

// spot is some bytes of a source that a problem is about.
type spot struct {
	src        *source
	off, width int
}

// errorAt notes an error.
func (p *parser) errorAt(at spot, code, format string, args ...any) {
	p.hintAt(at, code, "", format, args...)
}

// hintAt notes an error with advice.
func (p *parser) hintAt(at spot, code, hint, format string, args ...any) {
	p.errs++
	p.add(Diagnostic{
		Pos: at.src.pos(at.off), Line: at.src.line(at.off), Width: at.width, Code: code,
		Message: fmt.Sprintf(format, args...), Hint: hint,
	})
}

// warnAt notes something that does not keep the configuration from being used.
func (p *parser) warnAt(at spot, code, hint, format string, args ...any) {
	p.add(Diagnostic{
		Pos: at.src.pos(at.off), Line: at.src.line(at.off), Width: at.width, Code: code, Severity: Warning,
		Message: fmt.Sprintf(format, args...), Hint: hint,
	})
}

// sortDiagnostics brings them into the order of the text: some are only found at its end.
// The one that says that there are more stays the last.
func (p *parser) sortDiagnostics() {
	order := map[string]int{}
	for i, name := range p.tree.Files {
		order[name] = i
	}
	found := p.diags
	if p.stop {
		found = found[:len(found)-1]
	}
	slices.SortStableFunc(found, func(a, b Diagnostic) int {
		return cmp.Or(
			cmp.Compare(order[a.Pos.File], order[b.Pos.File]),
			cmp.Compare(a.Pos.Line, b.Pos.Line),
			cmp.Compare(a.Pos.Col, b.Pos.Col),
		)
	})
}
