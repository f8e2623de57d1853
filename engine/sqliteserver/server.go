package sqliteserver

import (
	"context"
	"crypto/rsa"
	"crypto/tls"
	"fmt"
	"net"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"github.com/keepsql/keepsql/conf/layers"
	"github.com/keepsql/keepsql/conf/schema"
	"github.com/keepsql/keepsql/engine/listen"
	"github.com/keepsql/keepsql/engine/wire"
)

// Layers announces the runtime of modules; *layers.Manager does.
type Layers interface {
	Subscribe(module string, c layers.Consumer)
}

// Options is what a Server works with.
type Options struct {
	Log    zerolog.Logger
	Layers Layers             // the server subscribes in New, so before Boot
	TLS    func() *tls.Config // nil, or a function that gives nil: no TLS
	// Datadir is where sqlite3server.db lies; empty for a database in memory.
	Datadir string
}

// Server is the embedded server. Its listeners open when the layers boot.
type Server struct {
	log       zerolog.Logger
	tls       func() *tls.Config
	db        *database
	listeners *listen.Set
	started   time.Time
	ids       atomic.Uint32 // of connections
	passwords wire.PasswordCache

	users    atomic.Pointer[users]
	front    atomic.Pointer[front]
	readOnly atomic.Bool
}

// loginLimit bounds a login.
const loginLimit = 10 * time.Second

// offered is what clients may ask for.
const offered = wire.CapLongPassword | wire.CapFoundRows | wire.CapLongFlag | wire.CapConnectWithDB | wire.CapProtocol41 |
	wire.CapInteractive | wire.CapTransactions | wire.CapSecureConnection | wire.CapMultiStatements | wire.CapMultiResults |
	wire.CapPluginAuth | wire.CapConnectAttrs | wire.CapPluginAuthLenenc | wire.CapDeprecateEOF

// New opens the database and subscribes to the modules the server works by. An error means the database cannot be opened.
func New(o Options) (*Server, error) {
	db, err := openDatabase(o.Datadir)
	if err != nil {
		return nil, fmt.Errorf("open embedded database: %w", err)
	}
	s := &Server{log: o.Log, tls: o.TLS, db: db, started: time.Now()}
	if s.tls == nil {
		s.tls = func() *tls.Config { return nil }
	}
	s.users.Store(&users{})
	s.front.Store(&front{})
	s.listeners = listen.New(listen.Options{Log: o.Log, Handle: s.serve})
	o.Layers.Subscribe(schema.MySQLUsers, layers.ConsumerFunc(s.prepareUsers))
	o.Layers.Subscribe(schema.MySQLVariables, layers.ConsumerFunc(s.prepareFront))
	o.Layers.Subscribe(schema.SQLiteVariables, layers.ConsumerFunc(s.prepareOwn))
	return s, nil
}

// Addrs lists the addresses of the open listeners.
func (s *Server) Addrs() []net.Addr { return s.listeners.Addrs() }

// Run serves clients until ctx ends, then closes their connections and the database. It is called once.
func (s *Server) Run(ctx context.Context) error {
	err := s.listeners.Run(ctx)
	if cerr := s.db.close(); err == nil && cerr != nil {
		err = fmt.Errorf("close embedded database: %w", cerr)
	}
	return err
}

// authenticator is the server's side of one client's login.
func (s *Server) authenticator() *wire.Authenticator {
	return &wire.Authenticator{
		Version: s.front.Load().version, Capabilities: offered, Charset: byte(wire.CharsetUTF8MB4), Status: wire.StatusAutocommit,
		Plugin: wire.PluginNative, TLS: s.tls, Key: s.key, Lookup: s.lookup, Cache: &s.passwords, Timeout: loginLimit,
	}
}

// key is the key of the certificate, where it is RSA: clients without TLS encrypt passwords for it.
func (s *Server) key() *rsa.PrivateKey {
	cfg := s.tls()
	if cfg == nil || len(cfg.Certificates) == 0 {
		return nil
	}
	k, _ := cfg.Certificates[0].PrivateKey.(*rsa.PrivateKey)
	return k
}
