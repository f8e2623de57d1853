package proxy

import (
	"fmt"

	"github.com/rs/zerolog"

	"github.com/keepsql/keepsql/engine/hostgroup"
	"github.com/keepsql/keepsql/engine/wire"
)

// warningsLogged is how many warnings of one statement are logged; servers keep 64 of them unless told otherwise.
const warningsLogged = 64

// logError logs, in upstream's words, that a server refused a statement.
func (s *session) logError(st *statement, set *settings, c *hostgroup.Conn, e *wire.Error) {
	line := s.p.serverLog.at(zerolog.WarnLevel, s.id)
	switch {
	case line == nil:
	case set.verboseErrors:
		line.Msgf("Error during query on %s , %d, %s . %s", s.circumstances(c), e.Code, e.Message, digestText(st))
	default:
		line.Msgf("Error during query on %s: %d, %s", place(c), e.Code, e.Message)
	}
}

// logWarnings asks a server for the warnings of the statement that it has just executed, and logs them. Where that would change
// what the session may ask for next, it does not.
func (s *session) logWarnings(b *backend, st *statement, set *settings) {
	if s.last.unknown || b.flags&stickyFoundRows != 0 {
		return
	}
	r, err := b.conn.Query(fmt.Sprint("SHOW WARNINGS LIMIT ", warningsLogged))
	if err != nil {
		if asServerError(err) == nil {
			b.flags |= stickyUnknown
		}
		return
	}
	for _, row := range r.Rows {
		line := s.p.serverLog.at(zerolog.WarnLevel, s.id)
		if line == nil || len(row) != 3 {
			continue
		}
		text := fmt.Sprintf("MySQL Warning. Level: [%s], Code: [%s], Message: [%s]", row[0].Text, row[1].Text, row[2].Text)
		if set.verboseErrors {
			text += fmt.Sprintf(", during query on %s . %s", s.circumstances(b.conn), digestText(st))
		}
		line.Msg(text)
	}
}

// place is where a statement was executed.
func place(c *hostgroup.Conn) string {
	return fmt.Sprintf("(%d,%s,%d,%d)", c.Hostgroup(), c.Server().Host, c.Server().Port, c.ThreadID())
}

// circumstances are where and for whom a statement was executed.
func (s *session) circumstances(c *hostgroup.Conn) string {
	return fmt.Sprintf("%s , user \"%s@%s\" , schema \"%s\"", place(c), s.user.name, s.host, s.schema)
}

func digestText(st *statement) string { return fmt.Sprintf("digest_text = \"%s\"", st.text) }
