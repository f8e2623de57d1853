package proxy

import (
	"testing"

	"github.com/keepsql/keepsql/engine/wire"
)

// Servers are asked for the short form of answers where mysql-enable_server_deprecate_eof says so, whatever the client speaks.
func TestServerDeprecateEOF(t *testing.T) {
	for _, off := range []bool{false, true} {
		p := &Proxy{}
		p.settings.Store(&settings{serverEOF: off})
		s := &session{p: p, user: &user{}, caps: wire.CapDeprecateEOF, tracksGTIDs: true}
		if got := s.capabilities(&statement{})&wire.CapDeprecateEOF == 0; got != off {
			t.Errorf("without it: %v, want %v", got, off)
		}
	}
}

// With mysql-parse_failure_logs_digest no values get into the log.
func TestLoggedText(t *testing.T) {
	st := &statement{sql: []byte("SET PASSWORD = 'x'"), text: []byte("SET PASSWORD = ?")}
	for digests, want := range map[bool]string{false: "SET PASSWORD = 'x'", true: "SET PASSWORD = ?"} {
		if got := string(st.loggable(&settings{logDigests: digests})); got != want {
			t.Errorf("%v: %s, want %s", digests, got, want)
		}
	}
}
