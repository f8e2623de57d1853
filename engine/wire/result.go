package wire

import "errors"

// Value is one field of a text result set. The zero value is the empty string.
type Value struct {
	Text string
	Null bool
}

// Text makes a Value that is not NULL.
func Text(s string) Value { return Value{Text: s} }

// AppendRow appends the payload of a text row.
func AppendRow(b []byte, row []Value) []byte {
	for i := range row {
		if row[i].Null {
			b = AppendNull(b)
		} else {
			b = AppendText(b, row[i].Text)
		}
	}
	return b
}

// DecodeRow reads a text row of n fields, appending to row.
func DecodeRow(row []Value, p []byte, n int) ([]Value, error) {
	c := cursor{b: p}
	for range n {
		b, null := c.lenencBytes()
		row = append(row, Value{Text: string(b), Null: null})
	}
	if len(c.b) > 0 {
		c.fail()
	}
	return row, c.err("text row")
}

// ResultWriter writes text result sets on a server's side: Columns once, any number of rows, End. Packets are collected
// and sent as buffers fill and at End.
type ResultWriter struct {
	c    *Conn
	caps Capability
}

// NewResultWriter writes to c, a connection with the given capabilities. The command's sequence number must have been read.
func NewResultWriter(c *Conn, caps Capability) ResultWriter { return ResultWriter{c: c, caps: caps} }

// Columns begins a result set. status goes into the EOF packet behind the definitions, where the connection has one.
func (w ResultWriter) Columns(status uint16, cols ...Column) error {
	if err := w.c.EndPacket(AppendLenenc(w.c.StartPacket(), uint64(len(cols)))); err != nil {
		return err
	}
	for i := range cols {
		if err := w.c.EndPacket(cols[i].Append(w.c.StartPacket())); err != nil {
			return err
		}
	}
	if w.caps&CapDeprecateEOF != 0 {
		return nil
	}
	e := EOF{Status: status}
	return w.c.EndPacket(e.Append(w.c.StartPacket()))
}

// Row writes one row, as many values as there are columns.
func (w ResultWriter) Row(row ...Value) error {
	return w.c.EndPacket(AppendRow(w.c.StartPacket(), row))
}

// End ends the rows. With StatusMoreResults in status the next result may follow; without, everything is sent.
func (w ResultWriter) End(status, warnings uint16) error {
	b := w.c.StartPacket()
	if w.caps&CapDeprecateEOF != 0 {
		ok := OK{EndOfRows: true, Status: status, Warnings: warnings}
		b = ok.Append(b)
	} else {
		e := EOF{Status: status, Warnings: warnings}
		b = e.Append(b)
	}
	return w.finish(w.c.EndPacket(b), status)
}

// OK answers a statement without rows.
func (w ResultWriter) OK(ok OK) error {
	b := w.c.StartPacket()
	if w.caps&CapSessionTrack != 0 {
		b = ok.AppendTracked(b)
	} else {
		b = ok.Append(b)
	}
	return w.finish(w.c.EndPacket(b), ok.Status)
}

// Error ends the answer with an error and sends everything.
func (w ResultWriter) Error(e *Error) error {
	return w.finish(w.c.WriteMessage(e), 0)
}

func (w ResultWriter) finish(err error, status uint16) error {
	if status&StatusMoreResults != 0 {
		return err
	}
	return errors.Join(err, w.c.Flush())
}
