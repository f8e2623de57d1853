package proxy

import (
	"time"

	"github.com/keepsql/keepsql/conf/layers"
	"github.com/keepsql/keepsql/engine/eventlog"
	"github.com/keepsql/keepsql/engine/rule"
	"github.com/keepsql/keepsql/engine/wire"
)

// logs are the files that sessions write to.
type logs struct{ events, audit *eventlog.Log }

func newLogs(o *Options) logs {
	open := func(title string) *eventlog.Log {
		return eventlog.New(eventlog.Options{Log: o.Log, Title: title, Dir: o.Datadir})
	}
	return logs{events: open("events log"), audit: open("audit log")}
}

// configure takes the variables of the logs into force.
func (l logs) configure(v layers.Variables) {
	l.events.Configure(v.String("mysql-eventslog_filename"), int64(v.Int("mysql-eventslog_filesize")), eventlog.Format(v.Int("mysql-eventslog_format")))
	l.audit.Configure(v.String("mysql-auditlog_filename"), int64(v.Int("mysql-auditlog_filesize")), eventlog.JSON)
}

// FlushLogs begins new files of the events log and the audit log (PROXYSQL FLUSH LOGS, SIGUSR1).
func (p *Proxy) FlushLogs() {
	p.logs.events.Flush()
	p.logs.audit.Flush()
}

// AuditLog is where other listeners tell of their clients.
func (p *Proxy) AuditLog() *eventlog.Log { return p.logs.audit }

// logEvent writes a statement to the events log, if the rules or the default want it there.
func (s *session) logEvent(st *statement, set *settings, hostgroup int, affected, sent uint64, now time.Time) {
	if want := st.decision.Log; want == 0 || want == rule.Unset && !set.logAll {
		return
	}
	e := &st.event
	*e = eventlog.Event{
		ThreadID: uint64(s.id), Username: s.user.name, Schemaname: s.schema, Client: s.peerAddr(), Hostgroup: hostgroup,
		Start: st.start, End: now, AffectedRows: affected, RowsSent: sent, Digest: st.hash, Query: st.sql,
	}
	switch st.command {
	case wire.ComQuery:
	case wire.ComStmtPrepare:
		e.Kind = eventlog.Prepare
	case wire.ComStmtExecute, wire.ComStmtBulkExecute:
		e.Kind = eventlog.Execute
	default:
		return
	}
	e.StatementID = st.statementID()
	e.OK = hostgroup < 0 && !st.failed
	if hostgroup >= 0 && st.server != "" {
		e.Server, e.OK, e.LastInsertID = st.server, s.answer.Kind == wire.KindOK, s.answer.LastInsertID
		e.LastGTID = s.gtids.news()
	}
	s.p.logs.events.Add(s.id, e)
	e.Query = nil
}

// peerAddr is the client's address, made once for each session.
func (s *session) peerAddr() string {
	if s.peer == "" {
		s.peer = s.clientAddr()
	}
	return s.peer
}

// audit writes an event of the session's life to the audit log. created is for its end, zero otherwise.
func (s *session) audit(event, extra string, created time.Time) {
	log := s.p.logs.audit
	if !log.On() {
		return
	}
	e := eventlog.AuditEvent{
		Event: event, ThreadID: uint64(s.id), Username: s.name, Schemaname: s.schema, Client: s.peerAddr(),
		TLS: s.client.TLS() != nil, Time: s.p.now(), Created: created, Extra: extra,
	}
	if a := s.client.LocalAddr(); a != nil {
		e.Proxy = a.String()
	}
	log.AddAudit(s.id, &e)
}

// Events of the audit log.
const (
	auditConnectOK  = "MySQL_Client_Connect_OK"
	auditConnectErr = "MySQL_Client_Connect_ERR"
	auditInitDB     = "MySQL_Client_Init_DB"
	auditQuit       = "MySQL_Client_Quit"
	auditClose      = "MySQL_Client_Close"
)

// auditEnd tells of the end of a session, and of why where that was not the client's COM_QUIT.
func (s *session) auditEnd(created time.Time) {
	s.view.mu.Lock()
	reason := s.view.reason
	s.view.mu.Unlock()
	if reason == "" && !s.closing {
		reason = "connection lost"
	}
	s.audit(auditClose, reason, created)
}
