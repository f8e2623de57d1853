package proxy_test

import (
	"net"
	"testing"

	"github.com/keepsql/keepsql/engine/wire"
)

func TestProxyProtocol(t *testing.T) {
	const v1, v2 = "PROXY TCP4 10.1.2.3 10.9.9.9 5555 3306\r\n",
		"\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0c\x0a\x01\x02\x03\x0a\x09\x09\x09\x15\xb3\x0c\xea"
	for _, c := range []struct{ name, networks, header, want string }{
		{"version 1", "192.168.0.0/16, 127.0.0.0/8", v1, "10.1.2.3"},
		{"version 2", "*", v2, "10.1.2.3"},
		{"not trusted", "10.0.0.0/8", v1, "127.0.0.1"},
		{"off", "", v2, "127.0.0.1"},
		{"names nobody", "*", "PROXY UNKNOWN\r\n", "127.0.0.1"},
		{"without", "*", "", "127.0.0.1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := start(t, ` proxy_protocol_networks="`+c.networks+`"`+"\n", "")
			nc, err := net.Dial("tcp", n.tcp())
			if err != nil {
				t.Fatal(err)
			}
			defer nc.Close()
			if _, err := nc.Write([]byte(c.header)); err != nil {
				t.Fatal(err)
			}
			if _, err := wire.Connect(wire.NewConn(nc), &wire.Account{User: "app", Password: "app_pass"}); err != nil {
				t.Fatal(err)
			}
			if got := n.table("stats_mysql_processlist")[0]["cli_host"]; got != c.want {
				t.Errorf("cli_host: %s, want %s", got, c.want)
			}
		})
	}
}
