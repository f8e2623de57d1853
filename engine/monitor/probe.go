package monitor

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/keepsql/keepsql/engine/monitor/verdict"
	"github.com/keepsql/keepsql/engine/wire"
)

// probe asks one server. It keeps a connection between checks.
type probe struct {
	addr   verdict.Addr
	pool   Pool
	client *wire.Client // nil without a connection
	modern bool         // the server wants SHOW REPLICA STATUS
	last   int64        // when the last check began, in unix microseconds
}

// close ends the connection.
func (p *probe) close() {
	if p.client != nil {
		p.client.Close()
		p.client = nil
	}
}

// run makes one check. It returns within the check's time.
func (p *probe) run(ctx context.Context, kind checkKind, check string, t *task) outcome {
	set := t.settings
	o := outcome{kind: kind, addr: p.addr, check: check, began: time.Now(), nullLag: set.lagWhenNull}
	ctx, cancel := context.WithTimeout(ctx, t.timeout(kind, check))
	defer cancel()
	err := p.ask(ctx, &o, set)
	o.took = max(time.Since(o.began), time.Microsecond)
	if o.began.UnixMicro() <= p.last { // the tables want them to differ
		o.began = time.UnixMicro(p.last + 1)
	}
	p.last = o.began.UnixMicro()
	if err != nil {
		p.explain(&o, err)
	}
	return o
}

func (p *probe) ask(ctx context.Context, o *outcome, set *settings) error {
	if o.kind == connectCheck {
		cl, err := p.open(ctx, set)
		if err != nil {
			o.opening = true
			return err
		}
		return cl.Quit()
	}
	kept := p.client != nil
	if !kept {
		o.opening = true
		if err := p.connect(ctx, set); err != nil {
			return err
		}
		o.opening = false
		o.began = time.Now() // what is measured is the server, not its login
	}
	err := p.put(ctx, o, set)
	var own *wire.Error
	if err == nil || errors.As(err, &own) {
		return err
	}
	p.close()
	if kept && o.kind >= galeraCheck && ctx.Err() == nil && !late(err) {
		return p.ask(ctx, o, set) // the connection is lost: whether the server is too, a new one tells at once
	}
	return err
}

// put makes the check on the connection.
func (p *probe) put(ctx context.Context, o *outcome, set *settings) (err error) {
	switch o.kind {
	case pingCheck:
		err = p.client.Ping(ctx)
	case readOnlyCheck:
		err = p.readOnly(ctx, o)
	case lagCheck:
		err = p.lag(ctx, o, set)
	case galeraCheck:
		err = p.galera(ctx, o)
	case groupCheck:
		err = p.group(ctx, o)
	case auroraCheck:
		err = p.aurora(ctx, o)
	}
	return err
}

// late reports whether an error is that of time.
func late(err error) bool {
	var timeout net.Error
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded) || errors.As(err, &timeout) && timeout.Timeout()
}

func (p *probe) open(ctx context.Context, set *settings) (*wire.Client, error) {
	acc := &wire.Account{User: set.user, Password: set.password, Attributes: []wire.Attribute{{Name: "program_name", Value: "proxysql_monitor"}}}
	var err error
	if acc.TLS, err = p.pool.TLS(p.addr.Host, p.addr.Port, set.user); err != nil {
		return nil, err
	}
	acc.RequireTLS = acc.TLS != nil
	network, addr := "tcp", net.JoinHostPort(p.addr.Host, strconv.Itoa(p.addr.Port))
	if p.addr.Port == 0 {
		network, addr = "unix", p.addr.Host
	}
	return wire.Open(ctx, network, addr, acc, 0)
}

// connect opens the connection that is kept. Its wait_timeout is short, so that the server forgets a monitor that died.
func (p *probe) connect(ctx context.Context, set *settings) error {
	cl, err := p.open(ctx, set)
	if err != nil {
		return err
	}
	p.client, p.modern = cl, false
	if !set.waitTimeout {
		return nil
	}
	seconds := max(1, int(set.checks[pingCheck].interval*10/time.Second))
	if _, err := cl.Query(ctx, fmt.Sprintf("SET wait_timeout=%d", seconds)); err != nil {
		p.close()
		return err
	}
	return nil
}

// explain says what an error means, in upstream's words where it has some.
func (p *probe) explain(o *outcome, err error) {
	var own *wire.Error
	switch {
	case errors.As(err, &own):
		o.failure, o.err, o.code = verdict.Answered, own.Message, own.Code
		if denied(own.Code) {
			o.failure = verdict.Denied
		}
	case late(err):
		o.failure, o.err = verdict.Timeout, "timeout check"
		if o.opening {
			o.err = fmt.Sprintf("Can't connect to MySQL server on '%s' (no answer in time)", p.addr)
		}
	default:
		o.failure, o.gone = verdict.Timeout, errors.Is(err, syscall.ECONNREFUSED)
		if o.err = innermost(err); o.opening {
			o.err = fmt.Sprintf("Can't connect to MySQL server on '%s' (%s)", p.addr, innermost(err))
		}
	}
	if o.opening && o.kind != connectCheck {
		o.err = "timeout or error in creating new connection: " + o.err
		if o.failure == verdict.Answered {
			o.failure = verdict.Timeout
		}
	}
}

// denied are the errors of an account that may not log in, or whose password has expired.
func denied(code uint16) bool {
	return code == 1045 || code == 1698 || code == 1820 || code == 1862 || code == 4151
}

func innermost(err error) string {
	for next := errors.Unwrap(err); next != nil; next = errors.Unwrap(err) {
		err = next
	}
	return err.Error()
}

// one gives the only value of a result.
func one(r *wire.Result) (string, error) {
	if len(r.Rows) != 1 || len(r.Rows[0]) != 1 {
		return "", fmt.Errorf("read answer: %d rows", len(r.Rows))
	}
	return strings.ToUpper(r.Rows[0][0].Text), nil
}
