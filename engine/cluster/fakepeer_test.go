package cluster_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/keepsql/keepsql/conf/schema"
	"github.com/keepsql/keepsql/engine/cluster/diffcheck"
	"github.com/keepsql/keepsql/engine/wire"
)

// fakePeer replays the other end of a recording: it answers the protocol's statements from what the test sets, and keeps
// what it was asked.
type fakePeer struct {
	port int
	auth *wire.Authenticator

	mu      sync.Mutex // guards what follows
	version string
	global  int
	stamps  map[string]diffcheck.Stamp
	tables  map[string]*schema.Rows // by the text of the query
	asked   []asked
	conns   int
	open    map[net.Conn]bool
	// react decides about a statement before it is answered.
	react func(conn int, sql string) reaction
}

type asked struct {
	conn int
	sql  string
	tls  bool
}

type reaction int

const (
	answer reaction = iota
	hangUp
	hang
	boom
)

func newFakePeer(t *testing.T, withTLS bool) *fakePeer {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f := &fakePeer{
		port: l.Addr().(*net.TCPAddr).Port, version: version, stamps: map[string]diffcheck.Stamp{},
		tables: map[string]*schema.Rows{}, open: map[net.Conn]bool{},
		react: func(int, string) reaction { return answer },
	}
	f.auth = &wire.Authenticator{
		Version: "8.0.11", Capabilities: 0x808ffa2f, Charset: 33, Status: wire.StatusAutocommit, Plugin: wire.PluginNative,
		Lookup: func(user string, _ wire.LoginInfo) (wire.Credential, error) {
			if user != "cluster" {
				return wire.Credential{}, wire.Errorf(1045, "28000", "ProxySQL Error: Access denied for user '%s'@'127.0.0.1' (using password: YES)", user)
			}
			return wire.Credential{Password: "clpw"}, nil
		},
		Timeout: 5 * time.Second,
	}
	if withTLS {
		cfg := certificate(t)
		f.auth.TLS = func() *tls.Config { return cfg }
	}
	ctx, cancel := context.WithCancel(context.Background())
	var sessions sync.WaitGroup
	sessions.Go(func() {
		for {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			sessions.Go(func() { f.serve(ctx, nc) })
		}
	})
	t.Cleanup(func() {
		cancel()
		l.Close()
		f.drop()
		sessions.Wait()
	})
	return f
}

func certificate(t testing.TB) *tls.Config {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "auto"}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
}

// drop closes all connections.
func (f *fakePeer) drop() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for c := range f.open {
		c.Close()
	}
}

func (f *fakePeer) serve(ctx context.Context, nc net.Conn) {
	f.mu.Lock()
	f.open[nc] = true
	f.conns++
	id := f.conns
	f.mu.Unlock()
	c := wire.NewConn(nc)
	defer func() {
		f.mu.Lock()
		delete(f.open, nc)
		f.mu.Unlock()
		c.Kill()
	}()
	login, err := f.auth.Handshake(c, uint32(id))
	if err != nil {
		return
	}
	out := wire.NewResultWriter(c, login.Capabilities)
	if out.OK(wire.OK{Status: wire.StatusAutocommit}) != nil {
		return
	}
	for {
		p, err := c.ReadPacket()
		if err != nil {
			return
		}
		sql := string(p[1:])
		if wire.Command(p[0]) == wire.ComQuit {
			sql = "COM_QUIT"
		}
		switch f.take(asked{id, sql, c.TLS() != nil}) {
		case hangUp:
			return
		case hang:
			<-ctx.Done()
			return
		case boom:
			err = out.Error(wire.Errorf(1045, "28000", "boom"))
		default:
			if sql == "COM_QUIT" {
				return
			}
			err = f.answer(out, sql)
		}
		if err != nil {
			return
		}
	}
}

func (f *fakePeer) take(a asked) reaction {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked = append(f.asked, a)
	return f.react(a.conn, a.sql)
}

func (f *fakePeer) answer(out wire.ResultWriter, sql string) error {
	if strings.HasPrefix(sql, "PROXYSQL ") {
		return out.OK(wire.OK{Status: wire.StatusAutocommit})
	}
	rows := f.rows(sql)
	var cols []wire.Column
	for _, name := range rows.Columns {
		cols = append(cols, wire.TextColumn(name))
	}
	if err := out.Columns(wire.StatusAutocommit, cols...); err != nil {
		return err
	}
	for _, r := range rows.Rows {
		values := make([]wire.Value, len(r))
		for i, c := range r {
			values[i] = wire.Value(c)
		}
		if err := out.Row(values...); err != nil {
			return err
		}
	}
	return out.End(wire.StatusAutocommit, 0)
}

// rows is what a statement is answered with: a pull of something the test has not set finds nothing.
func (f *fakePeer) rows(sql string) *schema.Rows {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case f.tables[sql] != nil:
		return f.tables[sql]
	case sql == "SELECT @@version":
		return &schema.Rows{Columns: []string{"@@version"}, Rows: []schema.Row{{schema.Text(f.version)}}}
	case sql == "SELECT GLOBAL_CHECKSUM()":
		return &schema.Rows{Columns: []string{"GLOBAL_CHECKSUM()"}, Rows: []schema.Row{{schema.Text(strconv.Itoa(f.global))}}}
	case strings.Contains(sql, " runtime_checksums_values "):
		return f.checksums()
	case strings.Contains(sql, " stats_mysql_global "):
		rows := &schema.Rows{Columns: []string{"Variable_Name", "Variable_Value"}}
		for _, kv := range [][2]string{
			{"Client_Connections_connected", "3"}, {"Client_Connections_created", "9"}, {"ProxySQL_Uptime", "55"},
			{"Questions", "77"}, {"Servers_table_version", "2"},
		} {
			rows.Rows = append(rows.Rows, schema.Row{schema.Text(kv[0]), schema.Text(kv[1])})
		}
		return rows
	case strings.Contains(sql, " runtime_global_variables "):
		return &schema.Rows{Columns: []string{"variable_name", "variable_value"}}
	case strings.Contains(sql, " runtime_mysql_replication_hostgroups "):
		return &schema.Rows{Columns: []string{"writer_hostgroup", "reader_hostgroup", "check_type", "comment"}}
	}
	_, rest, _ := strings.Cut(sql, "SELECT ")
	names, _, _ := strings.Cut(rest, " FROM ")
	return &schema.Rows{Columns: strings.Split(names, ", ")}
}

func (f *fakePeer) checksums() *schema.Rows {
	rows := &schema.Rows{Columns: []string{"name", "version", "epoch", "checksum"}}
	for name, s := range f.stamps {
		rows.Rows = append(rows.Rows, schema.Row{
			schema.Text(name), schema.Text(fmt.Sprint(s.Version)), schema.Text(fmt.Sprint(s.Epoch)), schema.Text(s.Checksum),
		})
	}
	slices.SortFunc(rows.Rows, func(a, b schema.Row) int { return strings.Compare(a[0].Text, b[0].Text) })
	return rows
}

// set changes what the peer shows of a module.
func (f *fakePeer) set(name string, s diffcheck.Stamp) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.stamps[name] = s
	f.global++
}

// like makes the peer show what a node has itself.
func (f *fakePeer) like(s *stack) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for name, stamp := range s.Layers.Stamps() {
		stamp.Version = 1
		f.stamps[name] = diffcheck.Stamp(stamp)
	}
	f.global++
}

func (f *fakePeer) onStatement(react func(conn int, sql string) reaction) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.react = react
}

// all is what was asked until now.
func (f *fakePeer) all() []asked {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.asked)
}

// statements of a connection, 0 for all.
func (f *fakePeer) statements(conn int) []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []string
	for _, a := range f.asked {
		if conn == 0 || a.conn == conn {
			out = append(out, a.sql)
		}
	}
	return out
}

func (f *fakePeer) connections() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.conns
}
