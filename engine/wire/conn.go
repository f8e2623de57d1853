package wire

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"time"
)

// DefaultLimit is the largest assembled packet a new Conn reads: upstream's mysql-max_allowed_packet, 64 MiB.
const DefaultLimit = 64 << 20

// Conn is a packet connection: a Socket, or TLS above it, with buffers that are held only while they hold something.
// An idle Conn, and one that waits for its peer, holds none.
type Conn struct {
	sock   *Socket
	tls    *tls.Conn
	zip    *compressed // on top of tls or sock; nil without compression
	nc     net.Conn    // what is read and written: zip, tls or sock
	remote net.Addr

	seq   byte // sequence number of the next packet written
	limit int

	// Reading: in[r:w] was received and not handed out yet. in is nil when nothing is lent or unread.
	in    *buffer
	r, w  int
	first [headerSize]byte // where a transport that cannot wait without a buffer reads the first bytes
	large []byte           // the current packet, where it does not fit into a buffer

	// Writing: out is framed and not sent yet; it lies in outBuf unless a packet outgrew it.
	outBuf *buffer
	out    []byte
	sent   int64 // bytes taken by the kernel since BeginCommand

	bytesIn, bytesOut uint64
}

// NewConn makes a packet connection of nc, which the Conn owns from then on.
func NewConn(nc net.Conn) *Conn {
	s := NewSocket(nc)
	return &Conn{sock: s, nc: s, limit: DefaultLimit}
}

// SetLimit sets the largest payload ReadPacket assembles and ReadRaw accepts, in bytes.
func (c *Conn) SetLimit(n int) { c.limit = n }

// Seq returns the sequence number the next written packet gets: one more than that of the last packet read or written. On a
// connection with compression an answer begins with the number of its frame, as clients and servers have it.
func (c *Conn) Seq() byte {
	c.turn()
	return c.seq
}

// turn goes over from the frames of the peer to packets of our own.
func (c *Conn) turn() {
	if c.zip != nil && c.zip.turned {
		c.zip.turned = false
		c.seq = byte(c.zip.seq.Load())
	}
}

// SetSeq sets the sequence number of the next written packet.
func (c *Conn) SetSeq(n byte) {
	c.turn()
	c.seq = n
}

// BytesIn returns how many bytes were read over the life of the connection, TLS overhead not counted.
func (c *Conn) BytesIn() uint64 { return c.bytesIn }

// BytesOut returns how many bytes were written over the life of the connection, TLS overhead not counted.
func (c *Conn) BytesOut() uint64 { return c.bytesOut }

// Quiet reports whether the peer has neither sent anything unread nor closed; see Socket.Quiet. With TLS, bytes of
// protocol bookkeeping count as something sent.
func (c *Conn) Quiet() bool { return c.r == c.w && (c.zip == nil || c.zip.quiet()) && c.sock.Quiet() }

// Release gives the read buffer back if all of it was handed out. Slices returned by reads are invalid afterwards. Reads
// do so by themselves before they wait; only a connection that is put aside after a read needs the call.
func (c *Conn) Release() {
	c.large = nil
	if c.in != nil && c.r == c.w {
		putBuffer(c.in)
		c.in, c.r, c.w = nil, 0, 0
	}
}

// Close closes the socket without a goodbye. Buffers not yet given back are left to the garbage collector, because
// another goroutine may be using them.
func (c *Conn) Close() error { return c.nc.Close() }

// Kill closes the socket below any TLS, without the alert that tls.Conn.Close may wait seconds to send.
func (c *Conn) Kill() error { return c.sock.Close() }

// SetDeadline bounds all reads and writes; the zero time takes the bound away. It is meant for logins: a deadline per
// statement costs microseconds.
func (c *Conn) SetDeadline(t time.Time) error { return c.sock.SetDeadline(t) }

// SetReadDeadline bounds reads only; a time in the past wakes a waiting reader.
func (c *Conn) SetReadDeadline(t time.Time) error { return c.sock.SetReadDeadline(t) }

// LocalAddr returns the local address of the socket.
func (c *Conn) LocalAddr() net.Addr { return c.sock.LocalAddr() }

// RemoteAddr returns the peer's address, or the one given to SetRemoteAddr.
func (c *Conn) RemoteAddr() net.Addr {
	if c.remote != nil {
		return c.remote
	}
	return c.sock.RemoteAddr()
}

// SetRemoteAddr replaces the peer's address, for connections announced by a PROXY protocol header.
func (c *Conn) SetRemoteAddr(a net.Addr) { c.remote = a }

// Socket returns the thin connection below.
func (c *Conn) Socket() *Socket { return c.sock }

// TLS returns the state of the TLS session, nil without one.
func (c *Conn) TLS() *tls.ConnectionState {
	if c.tls == nil {
		return nil
	}
	st := c.tls.ConnectionState()
	return &st
}

// Secret reports whether nobody on the way can read the connection: TLS or a unix socket. Only then do clear text
// passwords travel on it.
func (c *Conn) Secret() bool { return c.tls != nil || isUnix(c.sock.LocalAddr()) }

func isUnix(a net.Addr) bool { return a != nil && a.Network() == "unix" }

// ServeTLS takes the server's part of a TLS handshake. Bytes already buffered are its beginning.
func (c *Conn) ServeTLS(cfg *tls.Config) error {
	return c.upgrade(tls.Server(c.below(), cfg))
}

// DialTLS takes the client's part of a TLS handshake. Nothing may have been received that was not read: a server that
// speaks before TLS is up would have its words taken for protected ones.
func (c *Conn) DialTLS(cfg *tls.Config) error {
	if c.r != c.w {
		return fmt.Errorf("start TLS: server sent data before the handshake: %w", ErrMalformed)
	}
	return c.upgrade(tls.Client(c.below(), cfg))
}

func (c *Conn) below() net.Conn {
	if c.r == c.w {
		return c.sock
	}
	pre := append([]byte(nil), c.in[c.r:c.w]...)
	c.r = c.w
	return &prefixed{Conn: c.sock, pre: pre}
}

func (c *Conn) upgrade(t *tls.Conn) error {
	if c.tls != nil {
		return errors.New("start TLS: already on")
	}
	if err := t.Handshake(); err != nil {
		return fmt.Errorf("start TLS: %w", err)
	}
	c.tls, c.nc = t, t
	return nil
}

// prefixed is a connection of which some bytes were read already.
type prefixed struct {
	net.Conn
	pre []byte
}

func (p *prefixed) Read(b []byte) (int, error) {
	if len(p.pre) == 0 {
		return p.Conn.Read(b)
	}
	n := copy(b, p.pre)
	p.pre = p.pre[n:]
	return n, nil
}
