package engine

import (
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"net"
	"os"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/keepsql/keepsql/conf"
	"github.com/keepsql/keepsql/conf/vrrpconf"
	"github.com/keepsql/keepsql/vrrp"
	"github.com/keepsql/keepsql/vrrp/script"
)

// helperFD is the file descriptor of a child's end of its connection to a servant.
const helperFD = 4

// helperBacklog is how many errands may wait to be sent: a guardian that does not run must not hold
// up the loop of the speaker.
const helperBacklog = 4096

var (
	errGuardianGone = errors.New("the guardian is gone")
	errGuardianBusy = errors.New("the guardian does not answer")
)

// helper has errands run by the guardian: vrrp.Helper.
type helper struct {
	conn net.Conn
	out  chan errand
	done chan struct{} // closed when the guardian is gone

	mu   sync.Mutex // guards what follows
	last uint64
	wait map[uint64]chan outcome // for answers
}

// inheritedHelper opens the end that the guardian left for this process, and begins.
func inheritedHelper() (*helper, error) {
	var st unix.Stat_t
	if err := unix.Fstat(helperFD, &st); err != nil || st.Mode&unix.S_IFMT != unix.S_IFSOCK {
		return nil, errors.New("open helper: this command is run by the guardian only")
	}
	syscall.CloseOnExec(helperFD)
	f := os.NewFile(helperFD, "helper")
	defer f.Close() // FileConn has its own descriptor
	conn, err := net.FileConn(f)
	if err != nil {
		return nil, err
	}
	h := &helper{conn: conn, out: make(chan errand, helperBacklog), done: make(chan struct{}), wait: map[uint64]chan outcome{}}
	go h.send()    // both end with the connection
	go h.receive() // see Close
	return h, nil
}

// Close ends the connection. Programs that are tied to the speaker end with it.
func (h *helper) Close() error { return h.conn.Close() }

func (h *helper) send() {
	for out := json.NewEncoder(h.conn); ; {
		select {
		case e := <-h.out:
			if out.Encode(e) != nil {
				return
			}
		case <-h.done:
			return
		}
	}
}

func (h *helper) receive() {
	defer close(h.done)
	for in := json.NewDecoder(h.conn); ; {
		var o outcome
		if in.Decode(&o) != nil {
			return
		}
		h.mu.Lock()
		if c := h.wait[o.ID]; c != nil {
			c <- o // it has room for both answers there are
		}
		h.mu.Unlock()
	}
}

// begin sends an errand with a number of its own. It does not wait.
func (h *helper) begin(e errand) (id uint64, answers chan outcome, err error) {
	answers = make(chan outcome, 2)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.last++
	e.ID = h.last
	select {
	case h.out <- e:
		h.wait[e.ID] = answers
		return e.ID, answers, nil
	default:
		return 0, nil, errGuardianBusy
	}
}

// forget says that no more answers are wanted.
func (h *helper) forget(id uint64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.wait, id)
}

// tell sends an errand that has no answer, about something begun before.
func (h *helper) tell(e errand) error {
	select {
	case h.out <- e:
		return nil
	default:
		return errGuardianBusy
	}
}

// ask sends an errand and waits for its answer.
func (h *helper) ask(e errand) (outcome, error) {
	id, answers, err := h.begin(e)
	if err != nil {
		return outcome{}, err
	}
	defer h.forget(id)
	return h.next(answers)
}

func (h *helper) next(answers chan outcome) (outcome, error) {
	select {
	case o := <-answers:
		switch {
		case o.Missing:
			return o, fs.ErrNotExist
		case o.Error != "":
			return o, errors.New(o.Error)
		}
		return o, nil
	case <-h.done:
		return outcome{}, errGuardianGone
	}
}

// Launch has a program started.
func (h *helper) Launch(c script.Command, tied bool) (script.Process, error) {
	id, answers, err := h.begin(errand{Start: &startErrand{Command: c, Tied: tied}})
	if err != nil {
		return nil, err
	}
	if _, err := h.next(answers); err != nil {
		h.forget(id)
		return nil, err
	}
	return &remote{h: h, id: id, answers: answers}, nil
}

// remote is a program that the guardian has started.
type remote struct {
	h       *helper
	id      uint64
	answers chan outcome
}

func (r *remote) Wait() script.Result {
	defer r.h.forget(r.id)
	o, err := r.h.next(r.answers)
	if err == nil && o.Ended == nil {
		err = errors.New("the guardian answered something else")
	}
	if err != nil {
		return script.Result{Kind: script.NotRun, Err: err}
	}
	return *o.Ended
}

func (r *remote) Signal(sig syscall.Signal) {
	_ = r.h.tell(errand{ID: r.id, Signal: sig}) // without a guardian it has got one already
}

// OpenPipe has a named pipe opened. That it cannot be is said by the guardian.
func (h *helper) OpenPipe(c vrrpconf.FIFO) (io.WriteCloser, error) {
	id, _, err := h.begin(errand{Open: &c})
	h.forget(id)
	return &remotePipe{h, id}, err
}

type remotePipe struct {
	h  *helper
	id uint64
}

func (p *remotePipe) Write(b []byte) (int, error) {
	return len(b), p.h.tell(errand{ID: p.id, Line: string(b)})
}

func (p *remotePipe) Close() error { return p.h.tell(errand{ID: p.id, Close: true}) }

// WriteDump has a dump written.
func (h *helper) WriteDump(name string, text []byte) error {
	return h.tell(errand{Dump: &fileErrand{Path: name, Text: text}})
}

// ReadFile reads a tracked file, or has it read where this process may not.
func (h *helper) ReadFile(path string) ([]byte, error) {
	text, err := vrrp.Self{}.ReadFile(path)
	if !errors.Is(err, fs.ErrPermission) {
		return text, err
	}
	o, err := h.ask(errand{Read: path})
	return o.Text, err
}

// InitFile has a tracked file written.
func (h *helper) InitFile(path string, overwrite bool, text []byte) error {
	_, err := h.ask(errand{Init: &fileErrand{Path: path, Overwrite: overwrite, Text: text}})
	return err
}

// readConfig has the config files read.
func (h *helper) readConfig() (*conf.Generation, error) {
	o, err := h.ask(errand{Config: json.RawMessage("true")})
	if err == nil && o.Generation == nil {
		err = errors.New("read the config files: the guardian sent none")
	}
	return o.Generation, err
}

// Urge has a thread of this process given a real-time priority.
func (h *helper) Urge(tid, priority int) error {
	_, err := h.ask(errand{Urge: &urgeErrand{TID: tid, Priority: priority}})
	return err
}
