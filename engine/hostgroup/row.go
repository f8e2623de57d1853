package hostgroup

import (
	"context"
	"fmt"

	"github.com/keepsql/keepsql/engine/wire"
)

// Query runs a query of the proxy's own whose result is small: memory holds all of it. An error of the server is (wrapped)
// *wire.Error; after any other the connection is of no use.
func (c *Conn) Query(query string) (*wire.Result, error) {
	return wire.NewClient(c.Conn, c.Info).Query(context.Background(), query)
}

// Row is Query for a result of one row.
func (c *Conn) Row(query string) ([]wire.Value, error) {
	r, err := c.Query(query)
	if err != nil {
		return nil, err
	}
	if len(r.Rows) != 1 {
		return nil, fmt.Errorf("read row: got %d: %w", len(r.Rows), wire.ErrMalformed)
	}
	return r.Rows[0], nil
}
