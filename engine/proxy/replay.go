package proxy

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/keepsql/keepsql/conf/charset"
	"github.com/keepsql/keepsql/engine/prepared"
	"github.com/keepsql/keepsql/engine/setting"
	"github.com/keepsql/keepsql/engine/stats"
	"github.com/keepsql/keepsql/engine/wire"
)

// replayError is a server's refusal of the session's schema or variables.
type replayError struct {
	refusal   *wire.Error
	variables bool // the state of the connection's variables is not known any more
}

func (e *replayError) Error() string { return "replay session state: " + e.refusal.Error() }

func (e *replayError) Unwrap() error { return e.refusal }

// goal is what a connection is brought to before a statement is sent.
type goal struct {
	schema  string // "" for any
	vars    *setting.State
	once    string              // SET TRANSACTION for the next transaction
	prepare *prepared.Statement // to be prepared there; nil for none
	track   bool                // have the server tell of changes of its session
	id      bool                // set LAST_INSERT_ID()
}

// goal is what the session wants for a statement.
func (s *session) goal(b *backend, st *statement, set *settings) goal {
	g := goal{schema: s.schema, vars: s.wanted(st, b, set), once: s.once, id: s.lacksInsertID(b, st)}
	if st.command == wire.ComStmtPrepare { // begins no transaction
		g.once = ""
		if beginsWith(st.text, "use ") { // may be the way out of a schema that does not exist
			g.schema = ""
		}
	}
	return g
}

// bring gives a connection the session's schema and variables. What differs is sent in one go. Nothing of the statement
// itself has been sent when it fails.
func (s *session) bring(b *backend, st *statement, set *settings) error {
	_, err := s.bringTo(b, s.goal(b, st, set), set)
	return err
}

// bringTo brings a connection to a goal in one round trip at most. refusal is the server's answer to what was to be prepared.
func (s *session) bringTo(b *backend, g goal, set *settings) (refusal *wire.Error, err error) {
	c := b.conn
	if c.State == nil {
		if err := s.initConnection(b, set); err != nil {
			return nil, err
		}
		g.track = c.Info.Capabilities&wire.CapSessionTrack != 0
	}
	have := c.State.(*setting.State)
	if c.Schema == g.schema || g.schema == "" {
		g.schema = ""
		if have.Hash() == g.vars.Hash() && g.once == "" && g.prepare == nil && !g.track && !g.id {
			return nil, nil
		}
	}
	if s.buf = setting.AppendReplay(s.buf[:0], have, g.vars, b.mariadb()); len(s.buf) == 0 {
		b.setState(g.vars) // what differs is nothing this server knows
	}
	if err := s.sendReplay(b, &g); err != nil {
		return nil, err
	}
	return s.readReplay(b, &g)
}

// sendReplay sends the commands of a replay with one write.
func (s *session) sendReplay(b *backend, g *goal) error {
	queue := func(cmd wire.Command, text []byte) error {
		b.conn.BeginCommand()
		return b.conn.EndPacket(append(append(b.conn.StartPacket(), byte(cmd)), text...))
	}
	var errs []error
	if g.track {
		errs = append(errs, queue(wire.ComQuery, []byte(trackEverything)))
	}
	if g.schema != "" {
		s.shard.Add(stats.ComBackendInitDB, 1)
		errs = append(errs, queue(wire.ComInitDB, []byte(g.schema)))
	}
	if len(s.buf) > 0 {
		s.shard.Add(stats.ComBackendSetNames, 1)
		errs = append(errs, queue(wire.ComQuery, s.buf))
	}
	if g.once != "" {
		errs = append(errs, queue(wire.ComQuery, []byte(g.once)))
	}
	if g.id {
		errs = append(errs, queue(wire.ComQuery, strconv.AppendUint([]byte("SET last_insert_id="), s.lastInsertID, 10)))
	}
	if g.prepare != nil {
		errs = append(errs, s.queuePrepare(b, g.prepare))
	}
	errs = append(errs, b.conn.Flush())
	return errors.Join(errs...)
}

// readReplay reads the answers, and notes what the connection's state is now.
func (s *session) readReplay(b *backend, g *goal) (refusal *wire.Error, err error) {
	refused, err := s.readState(b, g)
	if err != nil {
		return nil, err
	}
	if g.prepare != nil {
		if refusal, err = s.readPrepared(b, g.prepare); err != nil {
			return nil, err
		}
	}
	if refused == nil {
		return refusal, nil
	}
	if g.prepare != nil && refusal == nil { // under another state than it should have been
		if err := s.closeInstance(b, b.conn.Prepared.Get(g.prepare)); err != nil {
			return nil, err
		}
	}
	if !refused.variables || !unsupported(refused.refusal) {
		return nil, errors.Join(refused, b.conn.Flush())
	}
	if err := s.replaySingly(b, g.vars); err != nil || g.prepare == nil {
		return nil, err
	}
	if err := errors.Join(s.queuePrepare(b, g.prepare), b.conn.Flush()); err != nil {
		return nil, err
	}
	return s.readPrepared(b, g.prepare)
}

// readState reads the answers to all but what was prepared.
func (s *session) readState(b *backend, g *goal) (refused *replayError, err error) {
	if g.track {
		if _, err := b.replayAnswer(); err != nil { // a server that refuses does without
			return nil, err
		}
	}
	if g.schema != "" {
		e, err := b.replayAnswer()
		if err != nil {
			return nil, err
		}
		if e != nil {
			refused = &replayError{refusal: e}
		} else {
			b.conn.Schema = g.schema
		}
	}
	if len(s.buf) > 0 {
		e, err := b.replayAnswer()
		if err != nil {
			return nil, err
		}
		if e != nil {
			refused = &replayError{refusal: e, variables: true}
		} else {
			b.setState(g.vars)
		}
	}
	if g.once != "" {
		s.once = ""
		b.flags |= stickyOnce
		e, err := b.replayAnswer()
		if err != nil {
			return nil, err
		}
		if e != nil && refused == nil {
			refused = &replayError{refusal: e}
		}
	}
	if g.id {
		e, err := b.replayAnswer()
		if err != nil {
			return nil, err
		}
		b.hasID = e == nil
	}
	return refused, nil
}

// unsupported reports whether a server does not know a variable, or not in this form.
func unsupported(e *wire.Error) bool {
	return e.Code == 1064 || e.Code == 1193 || e.Code == 1651
}

// replaySingly sets variables one by one. As upstream has it, those that the server does not know are left out.
func (s *session) replaySingly(b *backend, want *setting.State) error {
	have := b.conn.State.(*setting.State)
	for _, q := range setting.Singly(have, want, b.mariadb()) {
		err := b.roundTrip(append([]byte{byte(wire.ComQuery)}, q...))
		if e := asServerError(err); e != nil && !unsupported(e) {
			return &replayError{refusal: e, variables: true}
		} else if e == nil && err != nil {
			return err
		}
	}
	b.setState(want)
	return nil
}

// mariadb tells the two families of servers apart.
func (b *backend) mariadb() bool { return strings.Contains(b.conn.Info.Version, "MariaDB") }

// replayAnswer reads one answer and tells a server's refusal from a broken connection.
func (b *backend) replayAnswer() (*wire.Error, error) {
	_, err := b.readOK()
	if e := asServerError(err); e != nil {
		return e, nil
	}
	return nil, err
}

// initConnection notes the state a new connection begins with, and runs init_connect.
func (s *session) initConnection(b *backend, set *settings) error {
	c, ok := charset.ByID(byte(b.conn.Charset))
	if !ok {
		return fmt.Errorf("prepare connection: collation %d unknown", b.conn.Charset)
	}
	statement := s.p.servers.InitConnect(b.hostgroup)
	if statement == "" {
		statement = set.initConnect
	}
	if statement != "" {
		err := b.roundTrip(append([]byte{byte(wire.ComQuery)}, statement...))
		if e := asServerError(err); e != nil { // the connection is as good as before
			return &replayError{refusal: wire.Errorf(e.Code, e.State, "init_connect: %s", e.Message)}
		}
		if err != nil {
			return fmt.Errorf("run init_connect: %w", err)
		}
	}
	b.setState(setting.New(c.Charset, c.Name))
	return nil
}

func (b *backend) setState(v *setting.State) { b.conn.State, b.conn.StateHash = v, v.Hash() }

// roundTrip sends a command that is answered by a single packet, and reads the answer. An error of the server is
// *wire.Error.
func (b *backend) roundTrip(payload []byte) error {
	b.conn.BeginCommand()
	if err := errors.Join(b.conn.WritePacket(payload), b.conn.Flush()); err != nil {
		return err
	}
	_, err := b.readOK()
	return err
}

// ping asks for the server's status flags.
func (b *backend) ping() (status uint16, err error) {
	if err := b.conn.WriteCommand(wire.ComPing, ""); err != nil {
		return 0, err
	}
	return b.readOK()
}

// readOK reads an answer of one packet, OK or EOF. An error of the server is *wire.Error.
func (b *backend) readOK() (status uint16, err error) {
	p, err := b.conn.ReadPacket()
	if err != nil {
		return 0, err
	}
	switch {
	case len(p) == 0:
		return 0, io.ErrUnexpectedEOF
	case p[0] == 0xff:
		var e wire.Error
		if err := e.Decode(p); err != nil {
			return 0, err
		}
		return 0, &e
	case p[0] == 0xfe && len(p) < 9:
		var e wire.EOF
		err = e.Decode(p)
		return e.Status, err
	case p[0] == 0:
		var ok wire.OK
		err = ok.Decode(p, b.conn.Info.Capabilities)
		b.changes = ok.State
		return ok.Status, err
	}
	return 0, fmt.Errorf("read answer: packet type %#02x: %w", p[0], wire.ErrMalformed)
}

// asServerError is the *wire.Error in err, nil without one.
func asServerError(err error) *wire.Error {
	var e *wire.Error
	errors.As(err, &e)
	return e
}
