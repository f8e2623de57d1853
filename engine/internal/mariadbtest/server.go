package mariadbtest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"

	"github.com/keepsql/keepsql/engine/internal/freeport"
)

// ErrNotInstalled is returned by Run when mariadbd or mariadb-install-db is not in the search path.
var ErrNotInstalled = errors.New("mariadbd is not installed (apt install mariadb-server)")

// startLimit bounds the wait for a server to answer after its process was started.
const startLimit = 60 * time.Second

// Opts says how a server differs from the default one.
type Opts struct {
	// Args are appended to mariadbd's command line, e.g. "--server-id=2", "--log-bin".
	Args []string
	// Before is a command that goes before mariadbd's own, e.g. "ip", "netns", "exec", "name". It must become mariadbd by
	// exec, because signals are sent to the process that was started. The unix socket is reached all the same.
	Before []string
	// SQL are statements run as root when the server answers for the first time.
	SQL []string
}

// Server is a running (or stopped) mariadbd. Its methods may not be called concurrently.
type Server struct {
	Addr   string // "127.0.0.1:port"; the same over restarts
	Port   int    // TCP port of Addr
	Socket string // path of the unix socket
	Dir    string // the server's own directory; the data directory is Dir/data, its log Dir/log

	args   []string
	proc   *process
	frozen bool
}

// Start runs a server for the length of the test. It skips the test when MariaDB is not installed and fails it when the
// server does not start within a minute.
func Start(t testing.TB, o Opts) *Server {
	t.Helper()
	s, err := Run(o)
	if errors.Is(err, ErrNotInstalled) {
		t.Skipf("skipped, needs a database: %v", err)
	}
	if err != nil {
		t.Fatalf("mariadbtest: %v", err)
	}
	t.Cleanup(s.Close)
	return s
}

// Run is Start for callers without a test at hand (TestMain). The caller must call Close.
func Run(o Opts) (*Server, error) {
	mariadbd, err := find("mariadbd")
	if err != nil {
		return nil, err
	}
	tmpl, err := template(mariadbd)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "mdb")
	if err != nil {
		return nil, fmt.Errorf("make server directory: %w", err)
	}
	s := &Server{Dir: dir, Socket: filepath.Join(dir, "s")}
	if err := s.prepare(mariadbd, tmpl, o); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

func (s *Server) prepare(mariadbd, tmpl string, o Opts) error {
	if out, err := exec.Command("cp", "-a", "--reflink=auto", tmpl, filepath.Join(s.Dir, "data")).CombinedOutput(); err != nil {
		return fmt.Errorf("copy template: %w: %s", err, out)
	}
	var err error
	for range 3 { // another process may take the port between the choice and the start
		if s.Port, err = freeport.Pick(); err != nil {
			return err
		}
		s.Addr = fmt.Sprintf("127.0.0.1:%d", s.Port)
		s.args = append(append(slices.Clone(o.Before), mariadbd), s.flags(o)...)
		if err = s.Again(); err == nil {
			break
		}
	}
	if err != nil {
		return err
	}
	db := s.DB("")
	defer db.Close()
	for _, q := range o.SQL {
		if _, err := db.Exec(q); err != nil {
			return fmt.Errorf("run %q: %w", q, err)
		}
	}
	return nil
}

func (s *Server) flags(o Opts) []string {
	f := []string{
		"--no-defaults",
		"--datadir=" + filepath.Join(s.Dir, "data"),
		"--socket=" + s.Socket,
		fmt.Sprintf("--port=%d", s.Port),
		"--bind-address=127.0.0.1",
		"--pid-file=" + filepath.Join(s.Dir, "pid"),
		"--skip-name-resolve",
		"--max-connections=500",
		"--innodb-flush-log-at-trx-commit=0",
	}
	f = append(f, smallFlags...)
	if os.Geteuid() == 0 {
		f = append(f, "--user=root")
	}
	return append(f, o.Args...)
}

// Again starts a stopped or killed server on the same port, socket and data. It returns when root can log in.
func (s *Server) Again() error {
	p, err := startProcess(s.args, filepath.Join(s.Dir, "log"))
	if err != nil {
		return err
	}
	s.proc = p
	db := s.DB("")
	defer db.Close()
	limit := time.After(startLimit)
	for {
		if err = ping(db); err == nil {
			return nil
		}
		select {
		case <-p.done:
			return fmt.Errorf("start mariadbd: exited: %w\n%s", p.err, p.logTail())
		case <-limit:
			s.Kill()
			return fmt.Errorf("start mariadbd: no answer within %v: %w\n%s", startLimit, err, p.logTail())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func ping(db *sql.DB) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	return db.PingContext(ctx)
}

// Stop shuts the server down in order (SIGTERM) and waits for it. Again starts it anew.
func (s *Server) Stop() {
	s.Thaw()
	s.end(syscall.SIGTERM)
}

// Kill ends the server at once (SIGKILL), as a crash would. Again starts it anew.
func (s *Server) Kill() { s.end(syscall.SIGKILL) }

// Freeze suspends the server (SIGSTOP): connections stay open and nothing answers.
func (s *Server) Freeze() { s.signal(syscall.SIGSTOP); s.frozen = true }

// Thaw undoes Freeze.
func (s *Server) Thaw() {
	if s.frozen {
		s.signal(syscall.SIGCONT)
		s.frozen = false
	}
}

// Close kills the server and removes its directory. Start calls it at the end of the test.
func (s *Server) Close() {
	s.Kill()
	os.RemoveAll(s.Dir)
}

func (s *Server) signal(sig syscall.Signal) {
	if s.proc != nil {
		s.proc.signal(sig)
	}
}

func (s *Server) end(sig syscall.Signal) {
	if s.proc == nil {
		return
	}
	s.proc.signal(sig)
	<-s.proc.done
	s.proc, s.frozen = nil, false
}

// DB opens root's view of the server through the unix socket. schema may be empty. The caller closes it.
func (s *Server) DB(schema string) *sql.DB {
	c := mysql.NewConfig()
	c.User, c.Net, c.Addr, c.DBName = "root", "unix", s.Socket, schema
	c.Logger = quiet{}
	con, err := mysql.NewConnector(c)
	if err != nil {
		panic("mariadbtest: " + err.Error()) // only a malformed config built above could cause it
	}
	return sql.OpenDB(con)
}

// quiet drops the driver's own log lines about connections refused while a server starts or was killed on purpose.
type quiet struct{}

func (quiet) Print(...any) {}
