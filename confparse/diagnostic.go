package confparse

import (
	"fmt"
	"strings"
)

// Severity grades a Diagnostic.
type Severity int

// The severities. An error keeps a configuration from being used.
const (
	Error Severity = iota
	Warning
)

// String is the word printed before the message.
func (s Severity) String() string {
	if s == Warning {
		return "warning"
	}
	return "error"
}

// Diagnostic is one thing wrong with a configuration.
type Diagnostic struct {
	Pos      Pos
	Severity Severity
	Message  string // what is wrong, lower case, no full stop
	Hint     string // what to do about it; may be empty
	Line     string // the source line, without its line end; may be empty
	Width    int    // how many bytes from Pos.Col are meant; 0 and 1 draw a single caret
	Code     string // stable short name of the kind of problem, for tools; may be empty
}

// String gives the diagnostic as a compiler would print it:
//
//	node1.cnf:12:3: error: unknown variable "montor_username"
//	  12 | 	montor_username="monitor"
//	     | 	^~~~~~~~~~~~~~~
//	     = did you mean "monitor_username"?
func (d Diagnostic) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s:%d:%d: %s: %s", d.Pos.File, d.Pos.Line, d.Pos.Col, d.Severity, d.Message)
	if d.Line != "" {
		gutter := fmt.Sprintf("%4d", d.Pos.Line)
		fmt.Fprintf(&b, "\n%s | %s\n%s | %s", gutter, d.Line, strings.Repeat(" ", len(gutter)), d.caret())
	}
	if d.Hint != "" {
		fmt.Fprintf(&b, "\n     = %s", d.Hint)
	}
	return b.String()
}

// caret draws the marker under the source line; tabs stay tabs so that it lines up.
func (d Diagnostic) caret() string {
	var b strings.Builder
	for i := 0; i < d.Pos.Col-1 && i < len(d.Line); i++ {
		if d.Line[i] == '\t' {
			b.WriteByte('\t')
		} else {
			b.WriteByte(' ')
		}
	}
	b.WriteByte('^')
	if d.Width > 1 {
		b.WriteString(strings.Repeat("~", d.Width-1))
	}
	return b.String()
}

// The codes of what this package reports.
const (
	CodeSyntax    = "syntax"            // libconfig: something else was expected
	CodeDuplicate = "duplicate-setting" // libconfig: a name is set twice in one group
	CodeNumber    = "number"            // libconfig: a number cannot be represented
	CodeString    = "string"            // libconfig: a string does not end
	CodeFile      = "file"              // a file cannot be read or is no text
	CodeInclude   = "include"           // keepalived: an include that may fail found nothing
	CodeStrict    = "include-strict"    // keepalived: an include that must not fail found nothing
	CodeBrace     = "brace"             // keepalived: braces do not match
	CodeQuote     = "quote"             // keepalived: a double quote is not closed
	CodeParameter = "parameter"         // keepalived: a parameter cannot be used like that
	CodeLoop      = "loop"              // keepalived: ~SEQ or ~LST cannot be understood
	CodeLine      = "line"              // keepalived: a line does not mean what it looks like
	CodeLimit     = "limit"             // a bound on size, depth or number was reached
)

// Diagnostics is all that one load found, in the order of the text.
type Diagnostics []Diagnostic

// HasErrors tells whether any of them keeps the configuration from being used.
func (ds Diagnostics) HasErrors() bool {
	for _, d := range ds {
		if d.Severity == Error {
			return true
		}
	}
	return false
}

// String gives one diagnostic after the other, each ended by a newline.
func (ds Diagnostics) String() string {
	var b strings.Builder
	for _, d := range ds {
		b.WriteString(d.String())
		b.WriteByte('\n')
	}
	return b.String()
}
