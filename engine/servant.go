package engine

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"

	"github.com/rs/zerolog"

	"github.com/keepsql/keepsql/conf"
	"github.com/keepsql/keepsql/conf/vrrpconf"
	"github.com/keepsql/keepsql/vrrp"
	"github.com/keepsql/keepsql/vrrp/realtime"
	"github.com/keepsql/keepsql/vrrp/script"
)

// The children have few rights. What they may have done with the guardian's stands in the
// configuration, and the guardian compares: it starts no program, opens no pipe and reads no file
// for them that the configuration does not name. That goes over a connection of its own, served
// by a goroutine of its own, so that neither the Link nor the guardian's loop can hold it up.

// errand is what a child wants done; exactly one field besides ID is set.
type errand struct {
	ID     uint64
	Start  *startErrand    `json:",omitempty"`
	Signal syscall.Signal  `json:",omitempty"` // to the program started with this ID
	Open   *vrrpconf.FIFO  `json:",omitempty"` // a pipe, known by this ID from then on
	Line   string          `json:",omitempty"` // for that pipe
	Close  bool            `json:",omitempty"` // that pipe
	Dump   *fileErrand     `json:",omitempty"`
	Read   string          `json:",omitempty"` // the path of a tracked file
	Init   *fileErrand     `json:",omitempty"`
	Urge   *urgeErrand     `json:",omitempty"`
	Config json.RawMessage `json:",omitempty"` // read the config files, for the engine
}

type startErrand struct {
	Command script.Command
	Tied    bool
}

// urgeErrand is for a thread of the vrrp process.
type urgeErrand struct{ TID, Priority int }

type fileErrand struct {
	Path      string
	Overwrite bool
	Text      []byte
}

// outcome answers an errand. Start has two: one when the program runs, one when it has ended.
type outcome struct {
	ID         uint64
	Error      string           `json:",omitempty"`
	Missing    bool             `json:",omitempty"` // the error is fs.ErrNotExist
	Ended      *script.Result   `json:",omitempty"`
	Text       []byte           `json:",omitempty"`
	Generation *conf.Generation `json:",omitempty"`
}

// permits are the configurations that say what may be done: that in force and the one before it,
// whose last notifications may still come.
type permits struct {
	configs atomic.Pointer[[]*vrrpconf.Config]
}

// renew makes a configuration the one in force.
func (p *permits) renew(c *vrrpconf.Config) {
	next := []*vrrpconf.Config{c}
	if old := p.configs.Load(); old != nil && len(*old) > 0 {
		if (*old)[0] == c {
			return
		}
		next = append(next, (*old)[0])
	}
	p.configs.Store(&next)
}

func (p *permits) any(is func(*vrrpconf.Config) bool) bool {
	list := p.configs.Load()
	return list != nil && slices.ContainsFunc(*list, is)
}

// words is how many the speaker adds to a notify command: kind, name, state and priority.
const words = 4

// command tells whether the configuration has a command.
func (p *permits) command(c script.Command) bool {
	return p.any(func(cfg *vrrpconf.Config) bool {
		for known := range cfg.Commands() {
			more := len(c.Argv) - len(known.Argv)
			if more >= 0 && more <= words && slices.Equal(known.Argv, c.Argv[:len(known.Argv)]) &&
				known.User == (vrrpconf.User{Name: c.User, Group: c.Group}) && known.Secure == c.Secure {
				return true
			}
		}
		return false
	})
}

func (p *permits) pipe(f *vrrpconf.FIFO) bool {
	return p.any(func(cfg *vrrpconf.Config) bool {
		return slices.ContainsFunc(cfg.Global.FIFOs[:], func(k vrrpconf.FIFO) bool { return k.Path == f.Path && k.User == f.User })
	})
}

func (p *permits) file(path string) bool {
	return p.any(func(cfg *vrrpconf.Config) bool {
		return slices.ContainsFunc(cfg.TrackFiles, func(t *vrrpconf.TrackFile) bool { return t.File == path })
	})
}

// servant runs the errands of one child.
type servant struct {
	log     zerolog.Logger
	permits *permits
	files   []string // config files
	conn    net.Conn
	pipes   map[uint64]io.WriteCloser
	pid     atomic.Int64 // of the child, once it runs
	urged   int          // the thread that has real-time priority

	mu      sync.Mutex // guards what follows
	out     *json.Encoder
	running map[uint64]running
}

type running struct {
	script.Process
	tied bool
}

// serve runs errands until the child is gone; then its checks are ended and its pipes closed.
func (s *servant) serve() {
	defer s.conn.Close()
	for in := json.NewDecoder(s.conn); ; {
		var e errand
		if err := in.Decode(&e); err != nil {
			break
		}
		s.run(e)
	}
	for _, p := range s.pipes {
		_ = p.Close() // nothing is waiting in it for us
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.running {
		if p.tied {
			p.Signal(syscall.SIGTERM)
		}
	}
}

func (s *servant) answer(o outcome) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_ = s.out.Encode(o) // if the child is gone, nobody waits for it
}

func (s *servant) run(e errand) {
	switch {
	case e.Start != nil:
		go s.start(e.ID, e.Start) // ends with the program
	case e.Signal != 0:
		s.mu.Lock()
		defer s.mu.Unlock()
		if p, ok := s.running[e.ID]; ok {
			p.Signal(e.Signal)
		}
	case e.Open != nil:
		s.open(e.ID, e.Open)
	case e.Line != "":
		if p := s.pipes[e.ID]; p != nil {
			if _, err := io.WriteString(p, e.Line); err != nil {
				s.log.Warn().Err(err).Msg("a notification to a pipe is lost")
			}
		}
	case e.Close:
		if p := s.pipes[e.ID]; p != nil {
			_ = p.Close() // as above
			delete(s.pipes, e.ID)
		}
	case e.Dump != nil:
		if err := (vrrp.Self{}).WriteDump(e.Dump.Path, e.Dump.Text); err != nil {
			s.log.Error().Err(err).Msg("writing a dump failed")
		}
	case e.Urge != nil:
		o := outcome{ID: e.ID}
		if err := s.urge(e.Urge); err != nil {
			o.Error = err.Error()
		}
		s.answer(o)
	case e.Config != nil:
		generation, _ := conf.Read(s.files) // the engine says what is wrong with it
		s.answer(outcome{ID: e.ID, Generation: generation})
	default:
		s.answer(s.file(e))
	}
}

// urge gives one thread of the child a real-time priority.
func (s *servant) urge(e *urgeErrand) error {
	if _, err := os.Stat(fmt.Sprintf("/proc/%d/task/%d", s.pid.Load(), e.TID)); err != nil {
		return errors.New("it is no thread of the vrrp process")
	}
	if s.urged != 0 && s.urged != e.TID {
		return errors.New("another thread has one already")
	}
	s.urged = e.TID
	return realtime.EnterThread(e.TID, e.Priority)
}

// file reads or writes a tracked file.
func (s *servant) file(e errand) outcome {
	var text []byte
	var err error
	switch {
	case e.Init != nil && s.permits.file(e.Init.Path):
		err = vrrp.Self{}.InitFile(e.Init.Path, e.Init.Overwrite, e.Init.Text)
	case e.Init == nil && s.permits.file(e.Read):
		text, err = vrrp.Self{}.ReadFile(e.Read)
	default:
		err = errors.New("no track_file names this file")
	}
	o := outcome{ID: e.ID, Text: text, Missing: errors.Is(err, fs.ErrNotExist)}
	if err != nil {
		o.Error = err.Error()
	}
	return o
}

func (s *servant) open(id uint64, f *vrrpconf.FIFO) {
	if !s.permits.pipe(f) {
		s.log.Error().Str("path", f.Path).Msg("the vrrp process wants a pipe that the configuration does not name")
		return
	}
	p, err := vrrp.Self{}.OpenPipe(*f)
	if err != nil {
		s.log.Error().Err(err).Msg("no notifications to a pipe")
		return
	}
	s.pipes[id] = p
}

// start runs a program to its end.
func (s *servant) start(id uint64, e *startErrand) {
	if !s.permits.command(e.Command) {
		s.log.Error().Str("script", e.Command.String()).Msg("the vrrp process wants a program that the configuration does not name")
		s.answer(outcome{ID: id, Error: fmt.Sprintf("run %s: the configuration does not name it", e.Command)})
		return
	}
	p, err := script.Local{}.Launch(e.Command, e.Tied)
	if err != nil {
		s.answer(outcome{ID: id, Error: err.Error()})
		return
	}
	s.mu.Lock()
	s.running[id] = running{p, e.Tied}
	_ = s.out.Encode(outcome{ID: id})
	s.mu.Unlock()
	res := p.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.running, id)
	_ = s.out.Encode(outcome{ID: id, Ended: &res}) // as in answer
}

// newServant makes the two ends of the connection; the second is the child's.
func (g *Guardian) newServant() (*servant, *os.File, error) {
	conn, theirs, err := connPair()
	if err != nil {
		return nil, nil, err
	}
	return &servant{
		log: g.log, permits: &g.permits, files: g.opt.Files, conn: conn,
		pipes: map[uint64]io.WriteCloser{}, out: json.NewEncoder(conn), running: map[uint64]running{},
	}, theirs, nil
}
