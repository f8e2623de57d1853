package admin

import (
	"context"
	"errors"
)

// Control is what PROXYSQL and KILL commands do outside of the configuration. Its methods are called from sessions.
type Control interface {
	// Shutdown begins to end the process, with exit code 0. graceful lets what runs come to its end.
	Shutdown(graceful bool)
	// Pause closes the proxy's listeners while sessions go on, Resume opens them again. The error is ErrPaused or ErrNotPaused
	// where there is nothing to do.
	Pause() error
	Resume() error
	// Stop ends the proxy's sessions and closes its listeners, Start serves again. Stop is idempotent; the error of Start is
	// ErrStarted where the proxy was not stopped. Pause and Resume give ErrPauseStopped and ErrResumeStopped in between.
	Stop() error
	Start() error
	// Restart ends the process and has it started again, with all sessions closed.
	Restart() error
	// Flush does what PROXYSQL FLUSH … asks for.
	Flush(what Flushable) error
	// ReloadTLS reads the certificate files again; on an error the old ones stay.
	ReloadTLS() error
	// KillConnection ends a session of the proxy; false where there is none of that id (stats_mysql_processlist).
	KillConnection(id uint64) bool
}

// Flushable is something that PROXYSQL FLUSH empties or opens anew.
type Flushable int

// What can be flushed.
const (
	FlushLogs        Flushable = iota // log files are opened anew
	FlushQueryCache                   // the query cache is emptied
	FlushClientHosts                  // stats_mysql_client_host_cache is emptied
)

// Errors of Pause, Resume and Start, in upstream's words.
var (
	ErrPaused        = errors.New("ProxySQL MySQL module is already paused, impossible to pause")
	ErrNotPaused     = errors.New("ProxySQL MySQL module is not paused, impossible to resume")
	ErrPauseStopped  = errors.New("ProxySQL MySQL module not running, impossible to pause")
	ErrResumeStopped = errors.New("ProxySQL MySQL module not running, impossible to resume")
	ErrStarted       = errors.New("ProxySQL already started")
)

// processCommands are PROXYSQL …
func processCommands() []command {
	do := func(text string, run func(*session) error) command {
		return command{text: text, run: func(_ context.Context, s *session, c call) (answer, error) {
			s.received(c)
			return answer{}, run(s)
		}}
	}
	return []command{
		do("PROXYSQL START", func(s *session) error { return s.srv.control.Start() }),
		do("PROXYSQL STOP", func(s *session) error { return s.srv.control.Stop() }),
		do("PROXYSQL RESTART", func(s *session) error { return s.restart() }),
		do("PROXYSQL PAUSE", func(s *session) error { return s.srv.control.Pause() }),
		do("PROXYSQL RESUME", func(s *session) error { return s.srv.control.Resume() }),
		do("PROXYSQL SHUTDOWN", func(s *session) error { return s.shutdown(false) }),
		do("PROXYSQL KILL", func(s *session) error { return s.shutdown(false) }),
		do("PROXYSQL SHUTDOWN SLOW", func(s *session) error { return s.shutdown(true) }),
		do("PROXYSQL READONLY", func(s *session) error { s.srv.readOnly.Store(true); return nil }),
		do("PROXYSQL READWRITE", func(s *session) error { s.srv.readOnly.Store(false); return nil }),
		do("PROXYSQL FLUSH LOGS", func(s *session) error { return s.srv.control.Flush(FlushLogs) }),
		do("PROXYSQL FLUSH QUERY CACHE", func(s *session) error { return s.srv.control.Flush(FlushQueryCache) }),
		do("PROXYSQL FLUSH MYSQL CLIENT HOSTS", func(s *session) error { return s.srv.control.Flush(FlushClientHosts) }),
		do("PROXYSQL FLUSH CONFIGDB", func(s *session) error { return s.srv.store.ReopenDisk() }),
		do("PROXYSQL RELOAD TLS", func(s *session) error { return s.srv.control.ReloadTLS() }),
	}
}

// shutdown ends the process; the client's connection is closed without an answer.
func (s *session) shutdown(graceful bool) error {
	s.srv.control.Shutdown(graceful)
	return errHangUp
}

// restart ends the process for a new one; the client's connection is closed without an answer.
func (s *session) restart() error {
	if err := s.srv.control.Restart(); err != nil {
		return err
	}
	return errHangUp
}

// noControl stands in where nobody controls the process.
type noControl struct{}

var errNoControl = errors.New("not available: this process has no proxy")

func (noControl) Shutdown(bool)              {}
func (noControl) Pause() error               { return errNoControl }
func (noControl) Resume() error              { return errNoControl }
func (noControl) Start() error               { return ErrStarted }
func (noControl) Stop() error                { return errNoControl }
func (noControl) Restart() error             { return errNoControl }
func (noControl) Flush(Flushable) error      { return errNoControl }
func (noControl) ReloadTLS() error           { return errNoControl }
func (noControl) KillConnection(uint64) bool { return false }
