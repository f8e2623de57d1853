package admin

import (
	"strings"
	"time"

	"github.com/keepsql/keepsql/engine/eventlog"
	"github.com/keepsql/keepsql/engine/wire"
)

// audited tells the audit log of one client, from its login to its end.
type audited struct {
	log     *eventlog.Log // nil: there is none
	conn    *wire.Conn
	id      uint32
	user    string
	schema  string
	created time.Time
}

// tell writes an event. Upstream leaves the address of the interface out.
func (a *audited) tell(event, extra string, created time.Time) {
	if a.log == nil || !a.log.On() {
		return
	}
	client := "localhost"
	if addr := a.conn.RemoteAddr(); addr != nil && addr.Network() != "unix" {
		client = addr.String()
	}
	a.log.AddAudit(a.id, &eventlog.AuditEvent{
		Event: "Admin_" + event, ThreadID: uint64(a.id), Username: a.user, Schemaname: a.schema, Client: client,
		TLS: a.conn.TLS() != nil, Time: time.Now(), Created: created, Extra: extra,
	})
}

func (a *audited) loggedIn(l *wire.Login, c class) {
	a.user, a.schema = l.User, "main"
	if c == statsClass {
		a.schema = "stats"
	}
	a.tell("Connect_OK", "", time.Time{})
}

// denied takes the user's name from the message, which is all that is known of it.
func (a *audited) denied(e *wire.Error) {
	_, rest, _ := strings.Cut(e.Message, "for user '")
	a.user, _, _ = strings.Cut(rest, "'")
	a.tell("Connect_ERR", e.Message, time.Time{})
}

func (a *audited) quit() { a.tell("Quit", "", time.Time{}) }

// closed ends the account of a client. Those that never said who they are, as port checks, are left out.
func (a *audited) closed() {
	if a.user != "" {
		a.tell("Close", "", a.created)
	}
}
