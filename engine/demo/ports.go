package demo

import (
	"fmt"
	"net"
	"strconv"
	"strings"

	"github.com/keepsql/keepsql/packaging"
)

// port is one of the ports: what it is for, its number in the sample configuration, and the flag that changes it.
type port struct {
	use, inSample, flag string
	number              int
}

func (o Options) ports() []port {
	return []port{
		{"the admin interface", "16032", "--admin-port", o.AdminPort},
		{"the proxy", "16033", "--proxy-port", o.ProxyPort},
		{"the embedded database server", "16030", "--sqlite-port", o.SQLitePort},
	}
}

// checkPorts tries every port, so that the one that is taken is named before anything starts.
func (o Options) checkPorts() error {
	seen := map[int]string{}
	for _, p := range o.ports() {
		if other := seen[p.number]; other != "" {
			return fmt.Errorf("port %d is meant for both %s and %s", p.number, other, p.use)
		}
		seen[p.number] = p.use
		l, err := net.Listen("tcp4", o.address(p.number))
		if err != nil {
			return fmt.Errorf("port %d for %s is not free, choose another with %s: %w", p.number, p.use, p.flag, err)
		}
		l.Close()
	}
	return nil
}

func (o Options) address(port int) string { return "127.0.0.1:" + strconv.Itoa(port) }

// config is the sample configuration with the chosen ports.
func (o Options) config() string {
	var pairs []string
	for _, p := range o.ports() {
		pairs = append(pairs, p.inSample, strconv.Itoa(p.number))
	}
	return strings.NewReplacer(pairs...).Replace(packaging.DemoConfig)
}
