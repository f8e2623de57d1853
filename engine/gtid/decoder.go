package gtid

import (
	"bytes"
	"fmt"
)

// MaxLine is how long a line of a reader may be, in bytes: the first one has the whole set.
const MaxLine = 1 << 20

// Decoder reads the lines that ProxySQL's binlog reader sends:
//
//	ST=uuid:1-10:12-20,uuid2:1-3   all that was executed
//	I1=uuid:24                     one more
//	I2=25                          one more of the source of the last I1 or I3
//	I3=uuid:26-30                  more in a row
//	I4=31-40                       more in a row of the source of the last I1 or I3
//
// The UUID may come without dashes. The zero Decoder waits for the first line.
type Decoder struct {
	Builder
	begun bool
	last  Source
}

// Line reads a line, without its end. It fails where the line is not one of those above; what was read before stays.
func (d *Decoder) Line(line []byte) error {
	kind, value, ok := bytes.Cut(line, []byte("="))
	if !ok || len(kind) != 2 {
		return fmt.Errorf("read line %s: no ST=, I1=, I2=, I3= or I4=", quoted(line))
	}
	if string(kind) == "ST" {
		*d = Decoder{begun: true}
		return d.addText(value)
	}
	if !d.begun {
		return fmt.Errorf("read line %s: the first line must begin with ST=", quoted(line))
	}
	id, err := d.increment(kind[1], value)
	if kind[0] != 'I' || err != nil {
		return fmt.Errorf("read line %s: no GTID in its place", quoted(line))
	}
	d.last = id.Source
	return d.Add(&id)
}

// increment reads what an I line adds.
func (d *Decoder) increment(kind byte, value []byte) (ID, error) {
	switch kind {
	case '1', '3':
		id, err := ParseID(value)
		if id.MariaDB() {
			return ID{}, errSyntax
		}
		return id, err
	case '2', '4':
		first, last, ok := parseSpan(value)
		if ok && d.last.kind != 0 {
			return ID{Source: d.last, First: first, Last: last}, nil
		}
	}
	return ID{}, errSyntax
}
