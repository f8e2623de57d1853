package lab_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"time"

	"github.com/keepsql/keepsql/engine/wire"
)

// labRole, if set in the environment, makes the test binary one of the programs of the lab; labArgument says what about.
const (
	labRole     = "KEEPSQL_LAB_ROLE"
	labArgument = "KEEPSQL_LAB_ARGUMENT"
)

// roleMain runs until its standard input ends, where it has one.
func roleMain(role, argument string) {
	ctx, cancel := untilInputEnds()
	defer cancel()
	var err error
	switch role {
	case "greet":
		greetMain(ctx, argument)
	case "arp":
		err = arpMain(ctx, argument)
	case "serve":
		err = serveMain(argument)
	default:
		err = fmt.Errorf("no role %q", role)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// versionPrefix is what the hosts of a pair greet with; the name of the host follows.
const versionPrefix = "8.0.39-"

// greetMain connects to a MySQL server every 5 ms and reads its greeting, which names the host. It writes lines as probeMain.
func greetMain(ctx context.Context, target string) {
	every(ctx, func() (from, text string) { return greetedBy(ctx, target) })
}

func greetedBy(ctx context.Context, target string) (from, text string) {
	ctx, cancel := context.WithTimeout(ctx, probeLimit)
	defer cancel()
	nc, err := new(net.Dialer).DialContext(ctx, "tcp", target)
	if err != nil {
		return "-", err.Error()
	}
	defer nc.Close()
	deadline, _ := ctx.Deadline()
	nc.SetDeadline(deadline)
	p, err := wire.NewConn(nc).ReadPacket()
	if err != nil {
		return "-", err.Error()
	}
	var g wire.Greeting
	if err := g.Decode(p); err != nil {
		return "-", err.Error()
	}
	host, ok := strings.CutPrefix(g.Version, versionPrefix)
	if !ok {
		return "-", "greeted by " + g.Version
	}
	return addresses[host], host
}

// serveMain is the service beside a keepalived: it greets clients as a MySQL server of the version given, and hangs up.
func serveMain(version string) error {
	l, err := net.Listen("tcp", "0.0.0.0:6033")
	if err != nil {
		return err
	}
	for {
		nc, err := l.Accept()
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err != nil {
			return err
		}
		go func() {
			defer nc.Close()
			c := wire.NewConn(nc)
			g := wire.Greeting{Version: version, ConnectionID: 1, Capabilities: 0x808ffa2f, Charset: 33, Plugin: wire.PluginNative}
			if errors.Join(c.WriteMessage(&g), c.Flush()) == nil {
				nc.SetReadDeadline(time.Now().Add(time.Second))
				c.ReadPacket()
			}
		}()
	}
}
