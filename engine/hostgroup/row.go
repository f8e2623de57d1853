package hostgroup

import (
	"fmt"

	"github.com/keepsql/keepsql/engine/wire"
)

// Row runs a query of the proxy's own that gives one row of less than 250 columns. An error of the server is *wire.Error; after
// any other the connection is of no use.
func (c *Conn) Row(query string) ([]wire.Value, error) {
	if err := c.WriteCommand(wire.ComQuery, query); err != nil {
		return nil, err
	}
	p, err := c.packet()
	if err != nil {
		return nil, err
	}
	if len(p) != 1 || p[0] == 0 {
		return nil, fmt.Errorf("read row: %w", wire.ErrMalformed)
	}
	width := int(p[0])
	more := width + 1 // definitions, and the row
	if c.Info.Capabilities&wire.CapDeprecateEOF == 0 {
		more++
	}
	for range more {
		if p, err = c.packet(); err != nil {
			return nil, err
		}
	}
	row, err := wire.DecodeRow(nil, p, width)
	if err != nil {
		return nil, err
	}
	_, err = c.packet() // the end
	return row, err
}

// packet reads a packet that may be an error of the server.
func (c *Conn) packet() ([]byte, error) {
	p, err := c.ReadPacket()
	if err != nil || len(p) == 0 || p[0] != 0xff {
		return p, err
	}
	var e wire.Error
	if err := e.Decode(p); err != nil {
		return nil, err
	}
	return nil, &e
}
