package wire_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/keepsql/keepsql/engine/wire"
)

const v2Magic = "\r\n\r\n\x00\r\nQUIT\n"

func TestProxyHeader(t *testing.T) {
	for _, c := range []struct {
		in, src string
		size    int
		err     error
	}{
		{"PROXY TCP4 10.1.2.3 10.9.9.9 5555 3306\r\nrest", "10.1.2.3:5555", 40, nil},
		{"PROXY TCP6 fd00::1 fd00::2 5555 3306\r\n", "[fd00::1]:5555", 38, nil},
		{"PROXY UNKNOWN\r\n", "", 15, wire.ErrNoProxySource},
		{"PROXY TCP4 fd00::1 fd00::2 1 2\r\n", "", 32, wire.ErrNoProxySource},
		{"PROXY TCP4 10.1.2.3 10.9.9.9 70000 3306\r\n", "", 41, wire.ErrNoProxySource},
		{"PROX", "", 5, nil},
		{"PROXY " + strings.Repeat("x", 120), "", 0, wire.ErrMalformed},
		{v2Magic + "\x21\x11\x00\x0c\x0a\x01\x02\x03\x0a\x09\x09\x09\x15\xb3\x0c\xea", "10.1.2.3:5555", 28, nil},
		{v2Magic + "\x21\x11\x00\x0f\x0a\x01\x02\x03\x0a\x09\x09\x09\x15\xb3\x0c\xea\x04\x00\x00", "10.1.2.3:5555", 31, nil},
		{v2Magic + "\x21\x21\x00\x24\xfd" + strings.Repeat("\x00", 14) + "\x01" + strings.Repeat("\x00", 16) + "\x15\xb3\x0c\xea", "[fd00::1]:5555", 52, nil},
		{v2Magic + "\x20\x00\x00\x00", "", 16, wire.ErrNoProxySource},
		{v2Magic + "\x21\x11\x00\x0c\x0a", "", 28, nil},
		{v2Magic[:4], "", 16, nil},
		{v2Magic + "\x11\x11\x00\x0c", "", 0, wire.ErrMalformed},
		{"\x55\x00\x00\x01rest", "", 0, nil},
	} {
		src, size, err := wire.ProxyHeader([]byte(c.in))
		got := ""
		if src != nil {
			got = src.String()
		}
		if got != c.src || size != c.size || !errors.Is(err, c.err) {
			t.Errorf("%q: %s, %d, %v; want %s, %d, %v", c.in, got, size, err, c.src, c.size, c.err)
		}
	}
}

func FuzzProxyHeader(f *testing.F) {
	f.Add([]byte("PROXY TCP4 10.1.2.3 10.9.9.9 5555 3306\r\n"))
	f.Add([]byte(v2Magic + "\x21\x11\x00\x0c\x0a\x01\x02\x03\x0a\x09\x09\x09\x15\xb3\x0c\xea"))
	f.Fuzz(func(t *testing.T, b []byte) {
		src, size, err := wire.ProxyHeader(b)
		if size < 0 || src != nil && (err != nil || size > len(b) || size == 0) {
			t.Errorf("%q: %v, %d, %v", b, src, size, err)
		}
	})
}
