package proxy_test

import (
	"crypto/sha1"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/keepsql/keepsql/engine/wire"
)

// rawClient speaks to a server packet by packet and sums its answers up as testdata/wire_conversations.jsonl does.
type rawClient struct {
	c        *wire.Conn
	caps     wire.Capability
	scramble []byte
	stmt     []byte // id of the last prepared statement
	answer   wire.Answer
}

// logInArgs are the arguments of the step "connect".
type logInArgs struct {
	User, Password, Plugin string
	DB                     *string
	Caps                   wire.Capability
	Charset                *byte
	TLS                    bool `json:"use_ssl"`
}

// recordedCaps are the capabilities of the client that made the record.
const recordedCaps wire.Capability = 0xee285

func nativeAnswer(password string, challenge []byte) []byte {
	if password == "" {
		return nil
	}
	one := sha1.Sum([]byte(password))
	two := sha1.Sum(one[:])
	mask := sha1.Sum(append(challenge[:20:20], two[:]...))
	for i := range mask {
		mask[i] ^= one[i]
	}
	return mask[:]
}

func connectRaw(t *testing.T, addr string, args json.RawMessage) (*rawClient, string) {
	t.Helper()
	a := logInArgs{Plugin: "mysql_native_password", Caps: recordedCaps}
	if err := json.Unmarshal(args, &a); err != nil {
		t.Fatal(err)
	}
	nc, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	r := &rawClient{c: wire.NewConn(nc), caps: a.Caps}
	t.Cleanup(func() { r.c.Kill() })
	r.c.SetDeadline(time.Now().Add(4 * patience))
	p, err := r.c.ReadPacket()
	var g wire.Greeting
	if err != nil || g.Decode(p) != nil {
		t.Fatalf("no greeting: %v", err)
	}
	r.scramble = g.Scramble[:]
	var h wire.HandshakeResponse
	h.Capabilities, h.MaxPacket, h.Charset, h.User, h.Plugin = r.caps, 1<<24, 45, a.User, a.Plugin
	if a.Charset != nil {
		h.Charset = *a.Charset
	}
	if a.DB != nil {
		h.Capabilities |= wire.CapConnectWithDB
		h.Database = *a.DB
	}
	if a.TLS {
		h.Capabilities |= wire.CapSSL
		if err := errors.Join(r.c.WriteMessage(&h.SSLRequest), r.c.Flush(), r.c.DialTLS(&tls.Config{InsecureSkipVerify: true})); err != nil {
			t.Fatal(err)
		}
	}
	h.Auth = nativeAnswer(a.Password, r.scramble)
	if a.Plugin == "mysql_clear_password" {
		h.Auth = append([]byte(a.Password), 0)
	}
	if err := errors.Join(r.c.WriteMessage(&h), r.c.Flush()); err != nil {
		t.Fatal(err)
	}
	answer := r.logInAnswer(a.Password)
	if r.caps&wire.CapCompress != 0 {
		r.c.StartCompression()
	}
	return r, answer
}

// logInAnswer follows a login, or a COM_CHANGE_USER, to its end.
func (r *rawClient) logInAnswer(password string) string {
	var said []string
	for {
		p, err := r.c.ReadPacket()
		if err != nil {
			return strings.Join(append(said, "CLOSED"), " | ")
		}
		if p[0] != 0xfe {
			return strings.Join(append(said, r.single(p)), " | ")
		}
		plugin, challenge, _ := strings.Cut(string(p[1:]), "\x00")
		said = append(said, "SWITCH "+plugin)
		r.scramble = []byte(challenge)
		if err := errors.Join(r.c.WritePacket(nativeAnswer(password, r.scramble)), r.c.Flush()); err != nil {
			return err.Error()
		}
	}
}

// command sends a command and sums the answer up.
func (r *rawClient) command(cmd wire.Command, arg string) string {
	if r.c.WriteCommand(cmd, arg) != nil {
		return "CLOSED"
	}
	if !cmd.Answered() {
		if _, err := r.c.ReadPacket(); err != nil {
			return "CLOSED"
		}
		return "answered"
	}
	return r.answers(cmd)
}

// answers sums up what is answered to a command that was sent.
func (r *rawClient) answers(cmd wire.Command) string {
	r.answer.Reset(cmd, r.caps)
	var said []string
	var packets [][]byte
	for done := false; !done; {
		p, err := r.c.ReadRaw()
		if err != nil {
			return strings.Join(append(said, "CLOSED"), " | ")
		}
		if _, done, err = r.answer.Feed(p); err != nil {
			return err.Error()
		}
		packets = append(packets, append([]byte(nil), p[4:]...))
		if more := r.answer.Results > len(said); more || done {
			said = append(said, r.sum(cmd, packets))
			packets = nil
		}
	}
	return strings.Join(said, " | ")
}

// sum sums one result up.
func (r *rawClient) sum(cmd wire.Command, packets [][]byte) string {
	first, last := packets[0], packets[len(packets)-1]
	switch {
	case len(packets) == 1 && cmd != wire.ComStmtPrepare && cmd != wire.ComStmtFetch:
		return r.single(first)
	case r.answer.Kind == wire.KindError && len(packets) == 1:
		return r.single(first)
	case cmd == wire.ComStmtPrepare:
		r.stmt = first[1:5]
		return fmt.Sprintf("PREPARED columns=%d params=%d", r.answer.PreparedWidth, r.answer.Params)
	case cmd == wire.ComFieldList:
		return "FIELDS"
	case cmd == wire.ComStmtFetch:
		return fmt.Sprintf("FETCH rows=%d status=%s", len(packets)-1, shownStatus(r.answer.Status))
	}
	n := int(first[0])
	var names []string
	for _, p := range packets[1 : 1+n] {
		var col wire.Column
		if err := col.Decode(p); err != nil {
			return err.Error()
		}
		names = append(names, col.Name)
	}
	var rows [][]byte
	before := 2 + n // among them the EOF behind the columns
	if r.caps&wire.CapDeprecateEOF != 0 {
		before--
	}
	if len(packets) > before {
		rows = packets[before : len(packets)-1]
	}
	end := r.single(last)
	if last[0] == 0xfe {
		end = fmt.Sprintf("status=%s warnings=%d", shownStatus(r.answer.Status), r.answer.Warnings)
	}
	return fmt.Sprintf("RS %s rows=%d %s %s", strings.Join(names, ","), len(rows), shownRows(cmd, rows, n), end)
}

func shownRows(cmd wire.Command, rows [][]byte, width int) string {
	switch {
	case cmd == wire.ComStmtExecute && len(rows) > 0:
		return "binary"
	case len(rows) > 3:
		return "many"
	}
	var out []string
	for _, p := range rows {
		row, err := wire.DecodeRow(nil, p, width)
		if err != nil {
			return err.Error()
		}
		var vals []string
		for _, v := range row {
			switch {
			case v.Null:
				vals = append(vals, "NULL")
			case len(v.Text) > 64:
				vals = append(vals, "…")
			case strings.Contains(v.Text, "\x00"):
				vals = append(vals, fmt.Sprintf("hex:%x", v.Text))
			default:
				vals = append(vals, v.Text)
			}
		}
		out = append(out, "("+strings.Join(vals, ",")+")")
	}
	return strings.Join(out, " ")
}

// single sums an answer of one packet up.
func (r *rawClient) single(p []byte) string {
	switch p[0] {
	case 0xff:
		var e wire.Error
		if err := e.Decode(p); err != nil {
			return err.Error()
		}
		return fmt.Sprintf("ERR %d %s %s", e.Code, e.State, e.Message)
	case 0xfe:
		var e wire.EOF
		if err := e.Decode(p); err != nil {
			return err.Error()
		}
		return "EOF status=" + shownStatus(e.Status)
	}
	var o wire.OK
	if err := o.Decode(p, r.caps); err != nil {
		return err.Error()
	}
	out := fmt.Sprintf("OK affected=%d id=%d status=%s warnings=%d", o.AffectedRows, o.LastInsertID, shownStatus(o.Status), o.Warnings)
	if o.Info != "" {
		out += " info=" + o.Info
	}
	return out
}

// shownStatus leaves out SESSION_STATE_CHANGED, which the record has by chance.
func shownStatus(st uint16) string { return fmt.Sprintf("%#x", st&^0x4000) }
