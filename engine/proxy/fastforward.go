package proxy

import (
	"bytes"
	"errors"
	"sync"
	"time"

	"github.com/keepsql/keepsql/engine/eventloop"
	"github.com/keepsql/keepsql/engine/hostgroup"
	"github.com/keepsql/keepsql/engine/stats"
	"github.com/keepsql/keepsql/engine/wire"
)

// fastForward serves a session of a fast_forward user: with its first command it gets a new connection to its server, and
// from then on bytes are passed in both directions without a look at them. The connection is closed in the end, whatever is
// left on it. followed is true where bytes cannot pass unchanged, because the server lacks something that the client was
// promised: then the session is served packet by packet like any other.
func (s *session) fastForward() (followed bool) {
	if s.await() != nil {
		return false
	}
	set := s.p.settings.Load()
	st := s.statement(wire.ComQuery, nil)
	defer s.done(st)
	st.hostgroup, st.fresh = s.user.defaultHostgroup, true
	s.view.reach("Fast forward", nil, st.hostgroup, st.start, time.Time{})
	i, err := s.attach(st, set)
	if err == nil {
		err = s.bring(&s.backends[i], st, set)
	}
	if err != nil {
		s.forwardRefused(st, set, i, err)
		return false
	}
	b := &s.backends[i]
	if !wire.Compatible(b.conn.Info.Capabilities, s.caps) {
		s.compress()
		return true
	}
	if b.conn.Compressed() { // as the client is then: frames pass as they are
		err = b.conn.StopCompression()
	} else {
		s.compress()
	}
	if err != nil {
		s.discard(i)
		return false
	}
	s.relayBytes(i)
	return false
}

// compress begins compression with a client that was promised it.
func (s *session) compress() {
	if s.caps&wire.CapCompress != 0 {
		s.client.StartCompression()
	}
}

// compression is what a connection of its own should have for a session.
func (s *session) compression() hostgroup.Compression {
	switch {
	case !s.user.fastForward:
		return hostgroup.CompressionOfServer
	case s.caps&wire.CapCompress != 0:
		return hostgroup.CompressionOn
	}
	return hostgroup.CompressionOff
}

// forwardRefused answers the first command of a session that got no connection, or one that refuses its schema.
func (s *session) forwardRefused(st *statement, set *settings, i int, err error) {
	s.compress()
	if _, rerr := s.client.ReadPacket(); rerr != nil {
		return
	}
	var refused *replayError
	switch {
	case errors.As(err, &refused):
		s.refuse(refused.refusal)
	case i >= 0:
		s.refuse(s.lossMessage(&s.backends[i], outcome{err: err, unsent: true}))
	default:
		_ = s.unreachable(st, set, i, err) // the session ends anyhow
	}
}

// replicate serves COM_BINLOG_DUMP, COM_BINLOG_DUMP_GTID and COM_REGISTER_SLAVE: the session becomes one of bytes, on the
// connection that knows the variables the client has set.
func (s *session) replicate(cmd wire.Command, p []byte) error {
	set := s.p.settings.Load()
	st := s.statement(cmd, p)
	defer s.done(st)
	st.hostgroup = s.route(st)
	if st.hostgroup < 0 {
		st.hostgroup = s.user.defaultHostgroup
	}
	s.view.reach("Fast forward", nil, st.hostgroup, st.start, time.Time{})
	i, err := s.attach(st, set)
	if err != nil {
		return s.unreachable(st, set, i, err)
	}
	b := &s.backends[i]
	if !wire.Compatible(b.conn.Info.Capabilities, s.caps) || !s.sameForms(b) {
		return s.executeOn(st, set)
	}
	if err := s.bring(b, st, set); err != nil {
		return s.failed(st, set, i, outcome{err: err, unsent: true})
	}
	b.conn.BeginCommand()
	if err := errors.Join(b.conn.WritePacket(p), b.conn.Flush()); err != nil {
		return s.failed(st, set, i, outcome{err: err})
	}
	s.relayBytes(i)
	return errSession
}

// sameForms reports whether packets have the same form on both sides.
func (s *session) sameForms(b *backend) bool { return !s.client.Compressed() && !b.conn.Compressed() }

// relayBytes passes bytes in both directions until one side closes. The session is over then, and so is the connection.
func (s *session) relayBytes(i int) {
	c := s.backends[i].conn
	if !s.view.forward(c) {
		s.discard(i)
		return
	}
	var answers sync.WaitGroup
	answers.Add(1)
	s.p.loops.Load().Run(func(t *eventloop.Task) {
		defer answers.Done()
		c.BindRead(t)
		s.client.BindWrite(t)
		_, _ = pass(s.client, c.Conn, s.shard, stats.BackendBytesRecv, stats.FrontendBytesSent)
		s.client.SetReadDeadline(time.Unix(1, 0)) // whatever the client says now, nobody listens
	})
	goodbye, _ := pass(c.Conn, s.client, s.shard, stats.FrontendBytesRecv, stats.BackendBytesSent)
	alone := s.view.detachForward()
	if alone && !goodbye && s.client.Socket().HungUp() && s.p.settings.Load().killBackend {
		s.p.servers.Kill(c, false) // it may be working for nobody
	}
	c.Conn.Kill()
	s.task.Leave()
	answers.Wait()
	s.discard(i)
}

// pass copies bytes until an end or an error. goodbye reports whether COM_QUIT was the last thing that passed.
func pass(to, from *wire.Conn, shard *stats.Shard, in, out stats.Counter) (goodbye bool, err error) {
	for {
		chunk, err := from.ReadChunk()
		if err != nil {
			return goodbye, err
		}
		goodbye = bytes.HasSuffix(chunk, quit)
		if err := to.WriteRaw(chunk); err != nil {
			return goodbye, err
		}
		shard.Add(in, uint64(len(chunk)))
		shard.Add(out, uint64(len(chunk)))
	}
}

// quit is a COM_QUIT packet.
var quit = []byte{1, 0, 0, 0, byte(wire.ComQuit)}
