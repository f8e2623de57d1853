package wire

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"
)

// Dial connects to a server ("tcp" or "unix") and logs in. ctx bounds both; an error of the server is (wrapped) *Error.
func Dial(ctx context.Context, network, addr string, acc *Account) (*Conn, *ServerInfo, error) {
	d := net.Dialer{Timeout: acc.ConnectTimeout}
	nc, err := d.DialContext(ctx, network, addr)
	if err != nil {
		return nil, nil, fmt.Errorf("connect to %s: %w", addr, err)
	}
	c := NewConn(nc)
	var info *ServerInfo
	err = c.within(ctx, 0, func() (err error) {
		info, err = Connect(c, acc)
		return err
	})
	if err != nil {
		c.Kill()
		return nil, nil, fmt.Errorf("log in to %s: %w", addr, err)
	}
	return c, info, nil
}

// within runs f with reads and writes of c bounded by ctx and, if not 0, by limit.
func (c *Conn) within(ctx context.Context, limit time.Duration, f func() error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	deadline, bounded := ctx.Deadline()
	if limit > 0 {
		if t := time.Now().Add(limit); !bounded || t.Before(deadline) {
			deadline, bounded = t, true
		}
	}
	if bounded {
		c.SetDeadline(deadline)
	}
	stop := context.AfterFunc(ctx, func() { c.SetDeadline(time.Unix(1, 0)) })
	err := f()
	if !stop() {
		return errors.Join(ctx.Err(), err)
	}
	if bounded {
		c.SetDeadline(time.Time{})
	}
	return err
}
