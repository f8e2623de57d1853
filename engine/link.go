package engine

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/keepsql/keepsql/conf"
	"github.com/keepsql/keepsql/vrrp"
)

// linkFD is the file descriptor of a child's end of its Link.
const linkFD = 3

// Message is what passes over a Link. Exactly one field is set.
type Message struct {
	// From the guardian.
	Config *ConfigMessage  `json:",omitempty"`
	Ask    *AskMessage     `json:",omitempty"`
	Engine *EngineMessage  `json:",omitempty"`
	Signal string          `json:",omitempty"` // "flush-logs"
	VRRP   json.RawMessage `json:",omitempty"` // to the engine: the last Status of the vrrp child
	Peers  *PeersMessage   `json:",omitempty"` // to the vrrp child; the engine sends it

	// From a child.
	Ready   bool            `json:",omitempty"` // everything is open and answers
	Stop    bool            `json:",omitempty"` // an operator asked for the end of keepsql
	Verdict *VerdictMessage `json:",omitempty"`
	Status  json.RawMessage `json:",omitempty"` // the child's part of `keepsql status`
	Health  *vrrp.Health    `json:",omitempty"` // of the engine, again and again: a sign of life
	Relay   *AskMessage     `json:",omitempty"` // from the engine, for the vrrp child; a Verdict comes back
}

// ConfigMessage hands over a generation.
type ConfigMessage struct {
	Seq        uint64
	Generation *conf.Generation
	Plan       bool // only tell what it would change
}

// AskMessage wants something to be told or done about the configuration.
type AskMessage struct {
	Seq uint64
	Request
}

// EngineMessage tells the vrrp child whether there is an engine that serves, and how good it is.
type EngineMessage struct {
	Alive  bool
	Health vrrp.Health
}

// PeersMessage is what other nodes of the cluster say of their virtual routers.
type PeersMessage struct{ Peers []vrrp.Peer }

// VerdictMessage answers a ConfigMessage or an AskMessage.
type VerdictMessage struct {
	Seq    uint64
	Error  string          // empty: accepted
	Report []string        // what the generation changes, or the answer, a line each
	Data   json.RawMessage `json:",omitempty"` // the answer for programs
}

// Link is one end of a socket pair between the guardian and a child. Send may be called from
// any goroutine, Receive from one.
type Link struct {
	conn net.Conn
	in   *json.Decoder

	mu  sync.Mutex // guards out
	out *json.Encoder
}

func newLink(f *os.File) (*Link, error) {
	defer f.Close() // FileConn has its own descriptor
	conn, err := net.FileConn(f)
	if err != nil {
		return nil, fmt.Errorf("open link: %w", err)
	}
	return &Link{conn: conn, in: json.NewDecoder(conn), out: json.NewEncoder(conn)}, nil
}

// connPair makes two connected ends; the second is for a child.
func connPair() (net.Conn, *os.File, error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("make socket pair: %w", err)
	}
	theirs := os.NewFile(uintptr(fds[1]), "link")
	f := os.NewFile(uintptr(fds[0]), "link")
	defer f.Close() // FileConn has its own descriptor
	ours, err := net.FileConn(f)
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("make socket pair: %w", err), theirs.Close())
	}
	return ours, theirs, nil
}

// socketPair makes the two ends of a Link; the second is the child's.
func socketPair() (*Link, *os.File, error) {
	conn, theirs, err := connPair()
	if err != nil {
		return nil, nil, err
	}
	return &Link{conn: conn, in: json.NewDecoder(conn), out: json.NewEncoder(conn)}, theirs, nil
}

// inheritedLink opens the end that the guardian left for this process.
func inheritedLink() (*Link, error) {
	var st unix.Stat_t
	if err := unix.Fstat(linkFD, &st); err != nil || st.Mode&unix.S_IFMT != unix.S_IFSOCK {
		return nil, errors.New("open link: this command is run by the guardian only")
	}
	syscall.CloseOnExec(linkFD)
	return newLink(os.NewFile(linkFD, "link"))
}

// Send writes one message. It fails when the other end is gone.
func (l *Link) Send(m Message) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.out.Encode(m)
}

// Receive waits for one message; io.EOF means that the process at the other end is gone.
func (l *Link) Receive() (Message, error) {
	var m Message
	err := l.in.Decode(&m)
	if err != nil && !errors.Is(err, io.EOF) {
		// A peer that was killed while writing, or a reset: the process is gone all the same.
		err = io.EOF
	}
	return m, err
}

// Close gives up this end, which the other one sees as end-of-file.
func (l *Link) Close() error { return l.conn.Close() }
