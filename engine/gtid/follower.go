package gtid

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/rs/zerolog"
)

// connectLimit bounds one attempt to reach a reader.
const connectLimit = 5 * time.Second

// Follower follows the binlog reader of one server.
type Follower struct {
	Executed
	// Addr is host:port of the reader.
	Addr string
	Log  zerolog.Logger
	// Retry gives the pause before a lost connection is made anew.
	Retry func() time.Duration
	// Changed is called after something was published.
	Changed func()
}

// Run follows the reader until ctx ends. It is called once.
func (f *Follower) Run(ctx context.Context) {
	failing := false
	for ctx.Err() == nil {
		started, err := f.follow(ctx)
		f.Forget()
		if ctx.Err() != nil {
			return
		}
		if started || !failing { // once for each outage
			f.Log.Warn().Err(err).Str("reader", f.Addr).Msg("GTIDs of the server are not known until its binlog reader is reached")
		}
		failing = true
		t := time.NewTimer(f.Retry())
		select {
		case <-ctx.Done():
		case <-t.C:
		}
		t.Stop()
	}
}

// follow is one connection. started tells that the reader said what its server has executed.
func (f *Follower) follow(ctx context.Context) (started bool, err error) {
	d := net.Dialer{Timeout: connectLimit, KeepAliveConfig: net.KeepAliveConfig{
		Enable: true, Idle: 10 * time.Second, Interval: 5 * time.Second, Count: 3,
	}}
	c, err := d.DialContext(ctx, "tcp", f.Addr)
	if err != nil {
		return false, err
	}
	defer c.Close()
	defer context.AfterFunc(ctx, func() { c.Close() })()
	return f.read(c)
}

// read publishes what the reader says. What has arrived together is published together.
func (f *Follower) read(c io.Reader) (started bool, err error) {
	var d Decoder
	var long []byte
	in := bufio.NewReader(c)
	news := 0
	for {
		line, err := readLine(in, &long)
		if errors.Is(err, io.EOF) {
			err = errors.New("the reader closed the connection")
		}
		if err != nil {
			return started, err
		}
		if err := d.Line(bytes.TrimRight(line, "\r")); err != nil {
			return started, err
		}
		news++
		if rest, _ := in.Peek(in.Buffered()); bytes.IndexByte(rest, '\n') >= 0 {
			continue
		}
		f.Publish(d.Set(), news)
		news = 0
		f.Changed()
		if !started {
			started = true
			f.Log.Info().Str("reader", f.Addr).Msg("GTIDs of the server are followed")
		}
	}
}

// readLine reads a line and takes off its end. It is valid until the next one; long is memory for those that do not fit into
// the buffer.
func readLine(in *bufio.Reader, long *[]byte) ([]byte, error) {
	*long = (*long)[:0]
	for {
		part, err := in.ReadSlice('\n')
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return nil, err
		}
		if len(*long) == 0 && err == nil {
			return part[:len(part)-1], nil
		}
		if *long = append(*long, part...); len(*long) > MaxLine {
			return nil, fmt.Errorf("read line: longer than %d bytes", MaxLine)
		}
		if err == nil {
			line := (*long)[:len(*long)-1]
			if cap(*long) > 64<<10 {
				*long = nil
			}
			return line, nil
		}
	}
}
