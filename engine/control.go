package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/keepsql/keepsql/conf"
	"github.com/keepsql/keepsql/conf/watch"
)

// controlSocket is the guardian's unix socket in the data directory.
const controlSocket = "keepsql.sock"

// Bounds of one request.
const (
	requestTimeout = 5 * time.Second
	requestLimit   = 256 << 20 // bytes
)

// Request is a command for the guardian.
type Request struct {
	Command    string           `json:"command"`              // one of the cases of Guardian.answer
	Generation *conf.Generation `json:"generation,omitempty"` // of "plan"
	Module     string           `json:"module,omitempty"`     // of "history" (empty: all) and "rollback"
	Revision   uint64           `json:"revision,omitempty"`   // of "rollback"
	Names      []string         `json:"names,omitempty"`      // of instances and groups, for "failover" and "rejoin"; none: all
	Timeout    time.Duration    `json:"timeout,omitempty"`    // of "drain", as Grace
	Grace      time.Duration    `json:"grace,omitempty"`
}

// ask is a request that came in over the control socket.
type ask struct {
	request Request
	answer  chan Answer
}

// Answer is what the guardian says to a Request.
type Answer struct {
	Error  string          `json:"error,omitempty"`
	Text   string          `json:"text,omitempty"`
	Data   json.RawMessage `json:"data,omitempty"` // the text for programs
	Status *Status         `json:"status,omitempty"`
}

// Status is the state of the process tree.
type Status struct {
	Version    string               `json:"version"`
	PID        int                  `json:"pid"`
	Uptime     float64              `json:"uptime_s"`
	Datadir    string               `json:"datadir"`
	Files      []string             `json:"files"`
	Generation string               `json:"generation"`
	Rejected   *Rejected            `json:"rejected,omitempty"`
	Children   map[role]childStatus `json:"children"`
}

// control is the listening end.
type control struct{ l *net.UnixListener }

// listenControl opens the socket for the owner only. The pid file is locked, so a socket file
// that exists is a leftover.
func listenControl(name string) (*control, error) {
	if err := os.Remove(name); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("open control socket: %w", err)
	}
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: name, Net: "unix"})
	if err != nil {
		return nil, fmt.Errorf("open control socket: %w", err)
	}
	if err := os.Chmod(name, 0o600); err != nil {
		return nil, errors.Join(fmt.Errorf("open control socket: %w", err), l.Close())
	}
	return &control{l}, nil
}

// serve takes one command a connection, one connection at a time, until the context ends.
func (c *control) serve(ctx context.Context, asks chan<- ask) error {
	stop := context.AfterFunc(ctx, func() { c.l.Close() })
	defer stop()
	for {
		conn, err := c.l.Accept()
		if ctx.Err() != nil {
			if err == nil {
				conn.Close()
			}
			return nil
		}
		if err != nil {
			return fmt.Errorf("accept on control socket: %w", err)
		}
		serveControl(ctx, conn, asks)
	}
}

func serveControl(ctx context.Context, conn net.Conn, asks chan<- ask) {
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(requestTimeout)) // to say the request in
	a := ask{answer: make(chan Answer, 1)}
	if err := json.NewDecoder(io.LimitReader(conn, requestLimit)).Decode(&a.request); err != nil {
		return
	}
	select {
	case asks <- a:
	case <-ctx.Done():
		return
	}
	select {
	case answer := <-a.answer:
		_ = conn.SetDeadline(time.Now().Add(requestTimeout))
		_ = json.NewEncoder(conn).Encode(answer) // whoever asked may be gone
	case <-ctx.Done():
	}
}

// answer carries out one request.
func (g *Guardian) answer(ctx context.Context, w *watch.Watcher, r Request) Answer {
	switch r.Command {
	case "status":
		return Answer{Status: &Status{
			Version: g.opt.Version, PID: os.Getpid(), Uptime: time.Since(g.started).Seconds(),
			Datadir: g.datadir, Files: g.opt.Files, Generation: g.generation.ID(), Rejected: g.rejected,
			Children: map[role]childStatus{roleEngine: g.childStatus(roleEngine), roleVRRP: g.childStatus(roleVRRP)},
		}}
	case "reload":
		return inWords(g.reload(ctx, w, "keepsql reload"))
	case "plan":
		if r.Generation == nil {
			return Answer{Error: "plan: no configuration was sent"}
		}
		return inWords(g.plan(ctx, r.Generation))
	case "diff", "history", "rollback", "drain", "drain-status", "undrain":
		if g.children[roleEngine] == nil {
			return Answer{Error: "the engine is not running; it is being started again"}
		}
		return g.pass(ctx, roleEngine, r)
	case "failover", "rejoin":
		if g.children[roleVRRP] == nil {
			return Answer{Error: errNoVRRP.Error()}
		}
		return g.pass(ctx, roleVRRP, r)
	}
	return Answer{Error: fmt.Sprintf("unknown command %q", r.Command)}
}

// pass lets a child answer.
func (g *Guardian) pass(ctx context.Context, to role, r Request) Answer {
	v, err := g.consult(ctx, to, Message{Ask: &AskMessage{Request: r}})
	if err != nil {
		return Answer{Error: err.Error()}
	}
	return Answer{Text: strings.Join(v.Report, "\n"), Data: v.Data}
}

func inWords(text string, err error) Answer {
	if err != nil {
		return Answer{Error: err.Error()}
	}
	return Answer{Text: text}
}

// Ask sends a request to the guardian that runs on a data directory. A refusal of the guardian
// is an error too.
func Ask(datadir string, r Request) (Answer, error) {
	conn, err := net.Dial("unix", filepath.Join(datadir, controlSocket))
	if err != nil {
		return Answer{}, fmt.Errorf("reach keepsql on %s (is it running?): %w", datadir, err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(2 * verdictTimeout)); err != nil {
		return Answer{}, err
	}
	if err := json.NewEncoder(conn).Encode(r); err != nil {
		return Answer{}, fmt.Errorf("ask keepsql: %w", err)
	}
	var a Answer
	if err := json.NewDecoder(conn).Decode(&a); err != nil {
		return Answer{}, fmt.Errorf("read the answer of keepsql: %w", err)
	}
	if a.Error != "" {
		return a, errors.New(a.Error)
	}
	return a, nil
}
