package hostgroup

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/keepsql/keepsql/engine/gtid"
	"github.com/keepsql/keepsql/engine/wire"
)

// Servers without a binlog reader are asked what they have executed, while somebody waits for a transaction. A server is asked
// over one connection of its pool, whoever and however many wait.

const (
	// askWait is how long a server is let wait for a transaction before it is asked for its position again.
	askWait = 50 * time.Millisecond
	// askQueue is how many servers may be about to be asked. Those for which there is no room are asked when those who wait
	// look again.
	askQueue = 64
	// trusted is how long what a server said is believed after it was asked last: it may be replaced by one that has less.
	trusted = 10 * time.Second
)

// inquire has servers asked on behalf of somebody who has joined those who wait.
func (f *feeds) inquire(servers ...*Server) {
	for _, s := range servers {
		n := s.conf.Load().feed
		if n == nil || n.key.gtidPort != 0 || !s.usable() || !n.asking.CompareAndSwap(false, true) {
			continue
		}
		select {
		case f.asks <- n:
		default:
			n.asking.Store(false)
		}
	}
}

// ask asks a server until nobody waits for it any more.
func (f *feeds) ask(ctx context.Context, n *feed) {
	for {
		err := f.askWhileWanted(ctx, n)
		if err != nil {
			n.Forget()
			n.Log.Debug().Err(err).Msg("server does not tell what it has executed")
		}
		n.asking.Store(false)
		if s, _ := f.wanted(n); err != nil || s == nil || ctx.Err() != nil || !n.asking.CompareAndSwap(false, true) {
			return // else somebody came who found that it was being asked
		}
	}
}

func (f *feeds) askWhileWanted(ctx context.Context, n *feed) error {
	s, r := f.wanted(n)
	if s == nil {
		return nil
	}
	c, err := f.m.spare(ctx, s, r)
	if err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { c.SetDeadline(time.Unix(1, 0)) })
	for ; s != nil && ctx.Err() == nil && err == nil; s, r = f.wanted(n) {
		err = f.askOnce(c, n, &r.After.GTID)
	}
	var refused *wire.Error
	if !stop() || err != nil && !errors.As(err, &refused) {
		f.m.Discard(c)
		return err
	}
	c.SetDeadline(time.Time{})
	f.m.Release(c)
	return err
}

// wanted gives the request of somebody who waits for a server to have executed something, and the server.
func (f *feeds) wanted(n *feed) (*Server, *Request) {
	for _, g := range f.m.view.Load().groups {
		for _, s := range g.servers {
			if s.conf.Load().feed != n || !s.usable() {
				continue
			}
			if r := g.wanted(s); r != nil {
				return s, r
			}
		}
	}
	return nil, nil
}

// questions are how the servers of a family are asked what they have executed, and let wait for something, by GTID and seconds.
// What MariaDB has applied as a replica and what it has written itself are two things; gtid_current_pos has both.
type questions struct{ executed, wait string }

var (
	toMySQL   = questions{"SELECT @@global.gtid_executed", "SELECT WAIT_FOR_EXECUTED_GTID_SET('%s', %g)"}
	toMariaDB = questions{"SELECT @@gtid_current_pos", "SELECT MASTER_GTID_WAIT('%s', %g)"}
)

// askOnce asks what the server has executed, and where a transaction is not among it, has the server wait for that a little.
func (f *feeds) askOnce(c *Conn, n *feed, id *gtid.ID) error {
	c.SetDeadline(time.Now().Add(f.m.settings.Load().connectTimeout + askWait))
	q := toMySQL
	if id.MariaDB() {
		q = toMariaDB
	}
	row, err := c.Row(q.executed)
	if err != nil {
		return err
	}
	if len(row) != 1 {
		return errors.New("ask for executed GTIDs: no answer")
	}
	set, err := gtid.ParseSet([]byte(row[0].Text))
	if err != nil {
		return fmt.Errorf("ask for executed GTIDs: %w", err)
	}
	n.asked.Store(f.m.now().UnixNano())
	n.Publish(set, 1)
	f.advanced(n)
	if n.Has(id) {
		return nil
	}
	_, err = c.Row(fmt.Sprintf(q.wait, id, askWait.Seconds()))
	return err
}

// doubt forgets what a server said of itself, because it may not be the same any more.
func (s *Server) doubt() {
	if n := s.conf.Load().feed; n != nil && n.key.gtidPort == 0 {
		n.Forget()
	}
}

// forgetOld forgets what servers without a reader said long ago.
func (f *feeds) forgetOld(now time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for key, n := range f.all {
		if key.gtidPort == 0 && n.Known() && now.UnixNano()-n.asked.Load() > int64(trusted) {
			n.Forget()
		}
	}
}

// spare takes a free connection of a server, or opens one.
func (m *Manager) spare(ctx context.Context, s *Server, r *Request) (*Conn, error) {
	c, ok := m.take(s, r)
	switch {
	case !ok:
		return nil, fmt.Errorf("server %s is at max_connections", s)
	case c != nil && c.Alive(c.idleFor(m.now())):
		return c, nil
	}
	m.dropDead(c)
	c, err := m.connect(ctx, s, r, m.settings.Load())
	if err != nil {
		s.release()
		s.group.wake(s)
	}
	return c, err
}
