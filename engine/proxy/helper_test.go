package proxy_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/rs/zerolog"
	"go.uber.org/goleak"

	"github.com/keepsql/keepsql/conf/layers/layerstest"
	"github.com/keepsql/keepsql/conf/schema"
	"github.com/keepsql/keepsql/engine/internal/mariadbtest"
	"github.com/keepsql/keepsql/engine/proxy"
	"github.com/keepsql/keepsql/internal/leaktest"
	"github.com/keepsql/keepsql/internal/logtest"
)

// Two servers for all tests that do no harm to them: a writer in hostgroup 10 and a reader in 20.
var writer, reader *mariadbtest.Server

var setup = []string{
	"CREATE DATABASE d", "CREATE DATABASE e",
	"CREATE TABLE d.t (id INT AUTO_INCREMENT PRIMARY KEY, v VARCHAR(100))",
	"CREATE TABLE d.who (name VARCHAR(20))",
	"CREATE USER app@'%' IDENTIFIED BY 'app_pass'", "GRANT ALL ON *.* TO app@'%'",
	"CREATE USER hashed@'%' IDENTIFIED BY 'hash_pass'", "GRANT ALL ON *.* TO hashed@'%'",
	"CREATE USER strong@'%' IDENTIFIED BY 'sha_pass'", "GRANT ALL ON *.* TO strong@'%'",
}

func TestMain(m *testing.M) {
	var err error
	args := []string{"--max-allowed-packet=128M"}
	writer, err = mariadbtest.Run(mariadbtest.Opts{Args: args, SQL: append(setup, "INSERT INTO d.who VALUES ('writer')")})
	if err == nil {
		reader, err = mariadbtest.Run(mariadbtest.Opts{Args: args, SQL: append(setup, "INSERT INTO d.who VALUES ('reader')")})
	}
	if err != nil && !errors.Is(err, mariadbtest.ErrNotInstalled) {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	for _, s := range []*mariadbtest.Server{writer, reader} {
		if s != nil {
			s.Close()
		}
	}
	// time.Sleep is the clock of regexp2, which ends by itself
	os.Exit(leaktest.Check(code, goleak.IgnoreTopFunction("time.Sleep")))
}

// patience is how long tests wait for what has to happen at some time. It is no claim: where nothing is wrong it comes at once, and on
// a machine that stands still for a while it comes later.
const patience = 30 * time.Second

// waitFor waits until something is so.
func waitFor(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		if ok() {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("waited %v in vain for %s", patience, what)
		}
	}
}

// node is a running proxy with its configuration.
type node struct {
	*layerstest.Stack
	t      testing.TB
	proxy  *proxy.Proxy
	socket string
	log    logtest.Log
}

// rules are those of the sample set-up.
const readWriteSplit = `mysql_query_rules: (
	{ rule_id=1, active=1, match_digest="^SELECT .* FOR UPDATE$", destination_hostgroup=10, apply=1 },
	{ rule_id=2, active=1, match_digest="^SELECT", destination_hostgroup=20, apply=1 }
)`

// needServers skips a test where there is no database.
func needServers(t testing.TB) {
	t.Helper()
	if writer == nil {
		t.Skip("skipped, needs a database: mariadb-server is not installed")
	}
}

// start runs a proxy before writer and reader. extra is more configuration: variables "name=value" and whole sections.
func start(t testing.TB, variables, extra string) *node {
	t.Helper()
	needServers(t)
	return startWith(t, variables, fmt.Sprintf(`mysql_servers: (
	{ address="127.0.0.1", port=%d, hostgroup=10, max_connections=50 },
	{ address="127.0.0.1", port=%d, hostgroup=20, max_connections=50 } )
`, writer.Port, reader.Port)+extra)
}

func startWith(t testing.TB, variables, sections string) *node {
	t.Helper()
	return startTLS(t, serverTLS, variables, sections)
}

func startTLS(t testing.TB, certificate func() *tls.Config, variables, sections string) *node {
	t.Helper()
	n := &node{Stack: layerstest.New(t, io.Discard), t: t, socket: filepath.Join(t.TempDir(), "p.sock")}
	if !strings.Contains(variables, "connect_timeout_server=") { // the default is short for a machine that stands still at times
		variables = "connect_timeout_server=10000\n" + variables
	}
	text := fmt.Sprintf("mysql_variables: {\n interfaces=\"127.0.0.1:0;%s\"\n monitor_enabled=false\n%s }\n%s\n", n.socket, variables, sections)
	if !strings.Contains(sections, "mysql_users") {
		text += `mysql_users: ( { username="app", password="app_pass", default_hostgroup=10 } )`
	}
	log := zerolog.New(&n.log).Level(zerolog.InfoLevel)
	if testing.Verbose() {
		log = log.Output(zerolog.MultiLevelWriter(&n.log, zerolog.NewTestWriter(t)))
	}
	n.proxy = proxy.New(proxy.Options{Log: log, Layers: n.Layers, Watch: 50 * time.Millisecond, TLS: certificate})
	n.Boot(text)
	n.Run(n.proxy.Run)
	waitFor(t, "the proxy to open its listener", func() bool { ok, _ := n.proxy.Health(); return ok })
	return n
}

// tcp gives the address of the proxy's TCP listener.
func (n *node) tcp() string {
	for _, a := range n.proxy.Addrs() {
		if a.Network() == "tcp" {
			return a.String()
		}
	}
	n.t.Fatal("no TCP listener")
	return ""
}

// serverTLS is the proxy's TLS configuration, with an RSA key as upstream generates it.
var serverTLS = sync.OnceValue(func() *tls.Config {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	if err != nil {
		panic(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
})

// open returns a client of the proxy: one connection where max is 1.
func (n *node) open(max int, edit ...func(*mysql.Config)) *sql.DB {
	n.t.Helper()
	c := mysql.NewConfig()
	c.User, c.Passwd, c.Net, c.Addr, c.DBName = "app", "app_pass", "unix", n.socket, "d"
	c.InterpolateParams, c.Logger = true, &mysql.NopLogger{}
	for _, f := range edit {
		f(c)
	}
	con, err := mysql.NewConnector(c)
	if err != nil {
		n.t.Fatal(err)
	}
	db := sql.OpenDB(con)
	db.SetMaxOpenConns(max)
	db.SetMaxIdleConns(max)
	n.t.Cleanup(func() { db.Close() })
	return db
}

// admin runs statements on the admin database and loads a module.
func (n *node) admin(module string, stmts ...string) {
	n.t.Helper()
	n.Load(module, stmts...)
}

// set changes a MySQL variable, named without its prefix.
func (n *node) set(variable string, value any) {
	n.t.Helper()
	n.admin("mysql_variables", fmt.Sprintf("UPDATE global_variables SET variable_value='%v' WHERE variable_name='mysql-%s'", value, variable))
}

// table gives a stats table as maps from column to text, once no session is at work: all that clients have answers to is in it.
func (n *node) table(name string) []map[string]string {
	n.t.Helper()
	n.settle()
	return n.picture(name)
}

// picture is a stats table as it is at the moment, while sessions are at work.
func (n *node) picture(name string) []map[string]string {
	return asMaps(n.proxy.Tables()[name]())
}

// settle waits until the sessions have noted down what there is to note, and have given back their connections: clients may have
// their answers before that.
func (n *node) settle() {
	n.t.Helper()
	atWork := func(r map[string]string) bool { return r["command"] != "Sleep" }
	for end := time.Now().Add(patience); slices.ContainsFunc(n.picture("stats_mysql_processlist"), atWork); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			n.t.Fatalf("sessions go on and on: %v", n.picture("stats_mysql_processlist"))
		}
	}
}

// flushLogs brings what was logged into the files.
func (n *node) flushLogs() {
	n.settle()
	n.proxy.FlushLogs()
}

func asMaps(rows *schema.Rows) []map[string]string {
	var out []map[string]string
	for _, r := range rows.Rows {
		m := map[string]string{}
		for i, c := range rows.Columns {
			m[c] = r[i].Text
		}
		out = append(out, m)
	}
	return out
}

func exec(t testing.TB, db *sql.DB, stmts ...string) {
	t.Helper()
	for _, q := range stmts {
		if _, err := db.Exec(q); err != nil {
			t.Fatalf("%s: %v", q, err)
		}
	}
}

func one(t testing.TB, db *sql.DB, q string, args ...any) string {
	t.Helper()
	var v sql.NullString
	if err := db.QueryRow(q, args...).Scan(&v); err != nil {
		t.Fatalf("%s: %v", q, err)
	}
	if !v.Valid {
		return "NULL"
	}
	return v.String
}
