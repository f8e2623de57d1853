package importer

import (
	"fmt"
	"io"
)

// Severity grades a Finding.
type Severity int

// The severities.
const (
	Note    Severity = iota // good to know
	Warning                 // something is not as it was, or not as it looks
	Error                   // the written file is not usable before this is dealt with
)

// String is the word printed before the finding.
func (s Severity) String() string {
	switch s {
	case Error:
		return "error"
	case Warning:
		return "warning"
	}
	return "note"
}

// Finding is one line of the report.
type Finding struct {
	Severity Severity
	Where    string // a place in a source, a table, or the step it is about
	Message  string // lower case, no full stop, no secrets
}

// String puts a finding into one line.
func (f Finding) String() string { return fmt.Sprintf("%s: %s: %s", f.Severity, f.Where, f.Message) }

// Result is what an import gives.
type Result struct {
	Text   []byte // the config file; holds passwords
	Report []Finding
}

// Usable tells whether keepsql would run with the file as it is.
func (r *Result) Usable() bool {
	for _, f := range r.Report {
		if f.Severity == Error {
			return false
		}
	}
	return true
}

// WriteReport writes the report, one finding a line.
func (r *Result) WriteReport(w io.Writer) error {
	for _, f := range r.Report {
		if _, err := fmt.Fprintln(w, f); err != nil {
			return fmt.Errorf("write report: %w", err)
		}
	}
	return nil
}

// report collects findings.
type report []Finding

func (r *report) add(s Severity, where, format string, args ...any) {
	*r = append(*r, Finding{Severity: s, Where: where, Message: fmt.Sprintf(format, args...)})
}
