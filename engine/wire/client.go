package wire

import (
	"context"
	"fmt"
	"time"
)

// Client runs statements one at a time and holds whole results in memory: for monitor probes and cluster pulls, not for
// traffic. After an error that is no *Error it must be closed.
type Client struct {
	conn *Conn
	info *ServerInfo
	// Timeout bounds each command, from sending it to the end of its answer; 0 leaves it to the context.
	Timeout time.Duration
}

// Result is the answer to a statement. Without a result set, Columns and Rows are nil.
type Result struct {
	Columns []Column
	Rows    [][]Value
	OK      // affected rows, insert id, status, warnings
}

// Open connects and logs in. ctx bounds that; timeout, if not 0, bounds connect and login together, and then each command.
func Open(ctx context.Context, network, addr string, acc *Account, timeout time.Duration) (*Client, error) {
	if timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, timeout)
		defer cancel()
	}
	c, info, err := Dial(ctx, network, addr, acc)
	if err != nil {
		return nil, err
	}
	return &Client{conn: c, info: info, Timeout: timeout}, nil
}

// NewClient runs statements on a connection that has logged in; of info, the capabilities count.
func NewClient(c *Conn, info *ServerInfo) *Client { return &Client{conn: c, info: info} }

// Server returns what the login told about the server.
func (cl *Client) Server() *ServerInfo { return cl.info }

// Conn returns the connection below, for what Client does not offer.
func (cl *Client) Conn() *Conn { return cl.conn }

// Close closes the connection without a goodbye; see Quit.
func (cl *Client) Close() error { return cl.conn.Kill() }

// Quit says goodbye and closes the connection.
func (cl *Client) Quit() error {
	cl.conn.SetDeadline(time.Now().Add(time.Second)) // nobody waits longer for politeness
	werr := cl.conn.WriteCommand(ComQuit, "")
	if err := cl.conn.Kill(); err != nil {
		return err
	}
	return werr
}

// Ping asks the server for a sign of life.
func (cl *Client) Ping(ctx context.Context) error {
	_, err := cl.run(ctx, ComPing, "")
	return err
}

// Query runs one statement. Of several results (a CALL) the first is returned. An error of the server is (wrapped) *Error;
// the client can then be used further.
func (cl *Client) Query(ctx context.Context, sql string) (*Result, error) {
	return cl.run(ctx, ComQuery, sql)
}

func (cl *Client) run(ctx context.Context, cmd Command, arg string) (*Result, error) {
	var first *Result
	err := cl.conn.within(ctx, cl.Timeout, func() error {
		if err := cl.conn.WriteCommand(cmd, arg); err != nil {
			return err
		}
		for {
			r, err := cl.readResult()
			if err != nil {
				return err
			}
			if first == nil {
				first = r
			}
			if r.Status&StatusMoreResults == 0 {
				return nil
			}
		}
	})
	cl.conn.Release()
	if err != nil {
		return nil, fmt.Errorf("query: %w", err)
	}
	return first, nil
}

// read returns the next packet, an ERR packet as error.
func (cl *Client) read() ([]byte, error) {
	p, err := cl.conn.ReadPacket()
	if err != nil {
		return nil, fmt.Errorf("read answer: %w", midPacket(err))
	}
	if len(p) == 0 {
		return nil, fmt.Errorf("read answer: empty packet: %w", ErrMalformed)
	}
	if p[0] == headerERR {
		return nil, decodeError(p)
	}
	return p, nil
}

func (cl *Client) readResult() (*Result, error) {
	p, err := cl.read()
	if err != nil {
		return nil, err
	}
	r := &Result{}
	switch p[0] {
	case headerOK:
		err = r.OK.Decode(p, cl.info.Capabilities)
		r.State = nil // would point into the connection's buffer
		return r, err
	case headerNull:
		return nil, cl.refuseFile()
	}
	c := cursor{b: p}
	n := c.number()
	if c.bad || n == 0 || n > 65535 {
		return nil, fmt.Errorf("read answer: %d columns: %w", n, ErrMalformed)
	}
	if err := cl.readColumns(r, int(n)); err != nil {
		return nil, err
	}
	return r, cl.readRows(r)
}

// refuseFile answers a request for a local file with nothing and returns the server's opinion of that.
func (cl *Client) refuseFile() error {
	if err := cl.conn.WritePacket(nil); err != nil {
		return err
	}
	if err := cl.conn.Flush(); err != nil {
		return err
	}
	if _, err := cl.read(); err != nil {
		return err
	}
	return fmt.Errorf("read answer: server asked for a local file: %w", ErrMalformed)
}

func (cl *Client) readColumns(r *Result, n int) error {
	r.Columns = make([]Column, n)
	for i := range r.Columns {
		p, err := cl.read()
		if err != nil {
			return err
		}
		if err := r.Columns[i].Decode(p); err != nil {
			return err
		}
	}
	if cl.info.Capabilities&CapDeprecateEOF != 0 {
		return nil
	}
	p, err := cl.read()
	if err != nil {
		return err
	}
	var e EOF
	return e.Decode(p)
}

func (cl *Client) readRows(r *Result) error {
	for {
		p, err := cl.read()
		if err != nil {
			return err
		}
		if p[0] == headerEOF && len(p) < maxPayload && cl.info.Capabilities&CapDeprecateEOF != 0 {
			err := r.OK.Decode(p, cl.info.Capabilities)
			r.State = nil
			return err
		}
		if p[0] == headerEOF && len(p) < 9 {
			var e EOF
			err := e.Decode(p)
			r.Status, r.Warnings = e.Status, e.Warnings
			return err
		}
		row, err := DecodeRow(make([]Value, 0, len(r.Columns)), p, len(r.Columns))
		if err != nil {
			return err
		}
		r.Rows = append(r.Rows, row)
	}
}
