package proxy_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/keepsql/keepsql/engine/wire"
)

// counter is a client that inserts numbers, none of them twice, and remembers what it was told.
type counter struct {
	n    *node
	id   int
	conn *wire.Conn // nil while not connected

	acknowledged map[int]bool
	total        *atomic.Int64 // of all clients
	pairs        []int         // first numbers of transactions
	wrongs       []string
	errors       map[uint16]int // by code
	last         *wire.Error    // what the last command was answered with on this connection; nil for no error
	prepared     uint32         // id of the statement prepared last
}

var errGone = errors.New("connection closed")

// run inserts until ctx ends: two numbers by themselves, two in a transaction, by text or prepared, and reads in between.
func (c *counter) run(ctx context.Context) {
	defer c.close()
	for i := 0; ctx.Err() == nil && len(c.wrongs) < 5; i += 4 {
		if c.conn == nil && !c.connect(ctx) {
			continue
		}
		for k := i; k < i+2; k++ {
			if c.insert(k) == nil {
				c.acknowledge(k)
			}
		}
		c.read(i)
		c.transaction(i + 2)
	}
}

func (c *counter) connect(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	conn, _, err := wire.Dial(ctx, "unix", c.n.socket, &wire.Account{User: "app", Password: "app_pass", Database: "d"})
	if err != nil {
		if ctx.Err() == nil {
			c.wrongs = append(c.wrongs, fmt.Sprintf("cannot log in: %v", err))
		}
		return false
	}
	c.conn, c.last = conn, nil
	return true
}

func (c *counter) close() {
	if c.conn != nil {
		c.conn.Kill()
		c.conn = nil
	}
}

// transaction inserts two numbers that belong together. After an error it goes on in the same transaction, as careless
// clients do.
func (c *counter) transaction(i int) {
	c.pairs = append(c.pairs, i)
	if c.command(wire.ComQuery, "BEGIN") != nil {
		return
	}
	e1, e2 := c.insert(i), c.insert(i+1)
	if c.command(wire.ComQuery, "COMMIT") == nil && e1 == nil && e2 == nil {
		c.acknowledge(i, i+1)
	}
}

// acknowledge notes that numbers were inserted.
func (c *counter) acknowledge(list ...int) {
	for _, i := range list {
		c.acknowledged[i] = true
	}
	c.total.Add(int64(len(list)))
}

// insert inserts a number, every third time by a prepared statement.
func (c *counter) insert(i int) error {
	text := fmt.Sprintf("INSERT INTO seq VALUES (%d, %d)", c.id, i)
	if i%3 != 0 {
		return c.command(wire.ComQuery, text)
	}
	if err := c.command(wire.ComStmtPrepare, text); err != nil {
		return err
	}
	return c.execute()
}

// read counts what is there. Reads are repeated by the proxy, so they fail only when there is no server for long.
func (c *counter) read(i int) {
	c.command(wire.ComQuery, fmt.Sprintf("SELECT n, REPEAT('x', 2000) FROM seq WHERE client = %d AND n > %d", c.id, i-20))
}

// execute runs the statement prepared last, and closes it.
func (c *counter) execute() error {
	if c.conn == nil {
		return errGone
	}
	id := binary.LittleEndian.AppendUint32(nil, c.prepared)
	err := c.command(wire.ComStmtExecute, string(append(id[:4:4], 0, 1, 0, 0, 0)))
	if c.conn != nil {
		c.conn.WriteCommand(wire.ComStmtClose, string(id)) // not answered
	}
	return err
}

// command sends a command and reads the answer to its end. A connection that ends without having said why is a wrong: only
// one whose last answer was an error may be closed.
func (c *counter) command(cmd wire.Command, arg string) error {
	if c.conn == nil {
		return errGone
	}
	c.conn.SetDeadline(time.Now().Add(60 * time.Second))
	err := c.conn.WriteCommand(cmd, arg)
	var a wire.Answer
	a.Reset(cmd, 0)
	for done := false; err == nil && !done; {
		var p wire.Packet
		if p, err = c.conn.ReadRaw(); err == nil {
			_, done, err = a.Feed(p)
		}
	}
	if err != nil {
		if c.last == nil {
			c.wrongs = append(c.wrongs, fmt.Sprintf("%s: connection ended without an error packet: %v", arg, err))
		}
		c.close()
		return errGone
	}
	c.last, c.prepared = a.Err, a.StatementID
	if a.Err != nil {
		c.errors[a.Err.Code]++
		return a.Err
	}
	return nil
}
