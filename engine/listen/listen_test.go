package listen_test

import (
	"bufio"
	"context"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/keepsql/keepsql/engine/listen"
	"github.com/keepsql/keepsql/internal/leaktest"
	"github.com/keepsql/keepsql/internal/logtest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// service runs a Set that answers every line with "echo: line".
type service struct {
	*listen.Set
	log *logtest.Log
}

func start(t *testing.T, list string) service {
	t.Helper()
	log := &logtest.Log{}
	s := listen.New(listen.Options{Log: zerolog.New(log), Retry: 10 * time.Millisecond, Handle: func(ctx context.Context, c net.Conn) {
		stop := context.AfterFunc(ctx, func() { c.Close() })
		defer stop()
		for in := bufio.NewScanner(c); in.Scan(); {
			fmt.Fprintf(c, "echo: %s\n", in.Text())
		}
	}})
	s.Apply(list)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- s.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("run: %v", err)
		}
	})
	return service{s, log}
}

// echo sends a line and returns the answer, the error's text where there is none.
func echo(c net.Conn) string {
	fmt.Fprintln(c, "hello")
	line, err := bufio.NewReader(c).ReadString('\n')
	if err != nil {
		return err.Error()
	}
	return strings.TrimSpace(line)
}

func dial(t *testing.T, network, address string) net.Conn {
	t.Helper()
	c, err := net.Dial(network, address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// TestApplyLive listens at an address that other tests do not use, since it looks at ports that were closed.
func TestApplyLive(t *testing.T) {
	sock := filepath.Join(t.TempDir(), "a.sock")
	s := start(t, "127.0.5.1:0;"+sock)
	kept := dial(t, "unix", sock)
	if got := echo(kept); got != "echo: hello" {
		t.Fatalf("unix socket: %q", got)
	}
	tcp := s.Addrs()[1].String()
	old := dial(t, "tcp", tcp)
	if got := echo(old); got != "echo: hello" {
		t.Fatalf("tcp: %q", got)
	}
	s.Apply("[::1]:0;" + sock)
	if got := echo(old); got != "echo: hello" {
		t.Errorf("session of a listener that was closed: %q", got)
	}
	if c, err := net.Dial("tcp", tcp); err == nil {
		c.Close()
		t.Error("the listener that was taken out of the list still accepts")
	}
	if got := echo(dial(t, "tcp", s.Addrs()[1].String())); got != "echo: hello" {
		t.Errorf("new listener: %q", got)
	}
	s.Apply("")
	if _, err := os.Lstat(sock); !os.IsNotExist(err) {
		t.Errorf("socket file after close: %v", err)
	}
}

func TestSocketFile(t *testing.T) {
	sock := filepath.Join(t.TempDir(), "a.sock")
	stale, err := net.Listen("unix", sock)
	if err != nil {
		t.Fatal(err)
	}
	stale.(*net.UnixListener).SetUnlinkOnClose(false)
	stale.Close()
	s := start(t, sock)
	info, err := os.Lstat(sock)
	if err != nil {
		t.Fatal(err)
	}
	if want := fs.ModeSocket | 0o777; info.Mode() != want {
		t.Errorf("mode %v, want %v", info.Mode(), want)
	}
	if got := echo(dial(t, "unix", sock)); got != "echo: hello" {
		t.Errorf("after a stale file: %q", got)
	}
	second := start(t, sock)
	want := "bind() error for " + sock + ": Address already in use"
	if got := second.log.String(); !strings.Contains(got, want) {
		t.Errorf("log %q lacks %q", got, want)
	}
	second.Apply("")
	if got := echo(dial(t, "unix", sock)); got != "echo: hello" {
		t.Errorf("the second one took the socket away: %q", got)
	}
	s.Apply("")
}

func TestForeignFileIsKept(t *testing.T) {
	file := filepath.Join(t.TempDir(), "data")
	if err := os.WriteFile(file, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := start(t, file)
	if got := s.log.String(); !strings.Contains(got, "bind() error for "+file) {
		t.Errorf("log %q", got)
	}
	if got, _ := os.ReadFile(file); string(got) != "precious" {
		t.Errorf("file now %q", got)
	}
}

func TestRetryWhenPortIsFree(t *testing.T) {
	other, err := net.Listen("tcp4", "127.0.5.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := other.Addr().String()
	s := start(t, address)
	if got, want := s.log.String(), "bind() error for "+address+": Address already in use"; !strings.Contains(got, want) {
		t.Fatalf("log %q lacks %q", got, want)
	}
	other.Close()
	for deadline := time.Now().Add(30 * time.Second); len(s.Addrs()) == 0; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("not opened after the port became free")
		}
	}
	if got := echo(dial(t, "tcp", address)); got != "echo: hello" {
		t.Errorf("after retry: %q", got)
	}
	if n := strings.Count(s.log.String(), "bind() error"); n != 1 {
		t.Errorf("bind error logged %d times", n)
	}
}
