// Package gtidtest stands in for ProxySQL's binlog reader in tests: it listens on a port, tells whoever connects what a server has
// executed, and goes on with what the test has it say. It is no database, and knows nothing of transactions.
package gtidtest

import (
	"fmt"
	"net"
	"sync"
	"testing"
)

// Reader is a running reader.
type Reader struct {
	Port int // of 127.0.0.1

	mu    sync.Mutex // guards what follows
	begin string     // the first line of a connection
	conns []net.Conn
}

// Start runs a reader for the length of the test. executed is the set it begins with: "uuid:1-10,uuid2:1".
func Start(t testing.TB, executed string) *Reader {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &Reader{Port: l.Addr().(*net.TCPAddr).Port, begin: "ST=" + executed}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			r.mu.Lock()
			fmt.Fprintln(c, r.begin)
			r.conns = append(r.conns, c)
			r.mu.Unlock()
		}
	}()
	t.Cleanup(func() {
		l.Close()
		<-ended
		r.HangUp()
	})
	return r
}

// Say sends a line to all clients.
func (r *Reader) Say(line string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range r.conns {
		fmt.Fprintln(c, line) // one that has left does not mind
	}
}

// HangUp closes all connections.
func (r *Reader) HangUp() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range r.conns {
		c.Close()
	}
	r.conns = nil
}
