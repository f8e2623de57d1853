package check

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/keepsql/keepsql/confparse"
)

// finding is a diagnostic as tools get it.
type finding struct {
	File     string `json:"file"`
	Line     int    `json:"line"` // 1-based
	Col      int    `json:"col"`  // 1-based, in bytes
	Severity string `json:"severity"`
	Code     string `json:"code"`
	Message  string `json:"message"`
	Hint     string `json:"hint"`
	Source   string `json:"source"` // the source line
}

// write prints what was found: as text with source lines and carets, or as one JSON array.
func (o Options) write(out, errs io.Writer, ds confparse.Diagnostics) error {
	if o.Format != "json" {
		_, err := fmt.Fprint(errs, ds)
		return err
	}
	list := []finding{}
	for _, d := range ds {
		list = append(list, finding{
			File: d.Pos.File, Line: d.Pos.Line, Col: d.Pos.Col, Severity: d.Severity.String(),
			Code: d.Code, Message: d.Message, Hint: d.Hint, Source: d.Line,
		})
	}
	enc := json.NewEncoder(out)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(list)
}
