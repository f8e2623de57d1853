// Package restapi is the HTTP server of admin-restapi_port: what Prometheus scrapes, and the routes of table restapi_routes.
//
//  1. LOAD ADMIN VARIABLES opens, moves or closes the port (admin-restapi_enabled, admin-restapi_port), LOAD RESTAPI replaces
//     the routes; requests that run come to their end;
//  2. GET /metrics gives the text of SHOW PROMETHEUS METRICS;
//  3. GET and POST /sync/<uri> run the program of a route, see script.go.
//
// As in ProxySQL whoever reaches the port may ask; it is closed unless it is switched on. The package does not know what
// the metrics mean or what the programs do.
package restapi

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"github.com/keepsql/keepsql/conf/layers"
	"github.com/keepsql/keepsql/conf/schema"
)

// Limits of one request and of all.
const (
	headerTimeout = 10 * time.Second
	idleTimeout   = 60 * time.Second
	drainTimeout  = 3 * time.Second
	maxBody       = 1 << 20 // bytes of a POST
	maxOutput     = 16 << 20
	maxRunning    = 64 // programs at once
	retryEvery    = time.Second
)

// Layers is where the settings come from.
type Layers interface {
	Subscribe(module string, c layers.Consumer)
}

// Options are the server's surroundings.
type Options struct {
	Log     zerolog.Logger
	Layers  Layers
	Metrics func() string // the text of /metrics
	Host    string        // address to listen at; empty: all
}

// Server is the HTTP server.
type Server struct {
	opt     Options
	routes  atomic.Pointer[[]route]
	slots   chan struct{}
	changed chan int // the port to listen at, 0 for none: the latest that Run has not seen

	mu   sync.Mutex // guards addr
	addr net.Addr
}

// New subscribes to the modules admin_variables and restapi.
func New(o Options) *Server {
	s := &Server{opt: o, slots: make(chan struct{}, maxRunning), changed: make(chan int, 1)}
	s.routes.Store(new([]route))
	o.Layers.Subscribe(schema.AdminVariables, layers.ConsumerFunc(s.prepareSettings))
	o.Layers.Subscribe("restapi", layers.ConsumerFunc(s.prepareRoutes))
	return s
}

func (s *Server) prepareSettings(snap *layers.Snapshot) (commit func(), err error) {
	v, port := snap.Variables(), 0
	if v.Bool("admin-restapi_enabled") {
		port = v.Int("admin-restapi_port")
	}
	return func() {
		select {
		case <-s.changed: // overtaken
		default:
		}
		s.changed <- port
	}, nil
}

func (s *Server) prepareRoutes(snap *layers.Snapshot) (commit func(), err error) {
	routes := readRoutes(snap.Runtime["restapi_routes"])
	return func() { s.routes.Store(&routes) }, nil
}

// Addr is where the server listens; nil where it does not.
func (s *Server) Addr() net.Addr {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.addr
}

// Run serves until ctx ends.
func (s *Server) Run(ctx context.Context) error {
	var open *opened
	defer func() { s.close(open) }()
	retry := time.NewTicker(retryEvery)
	defer retry.Stop()
	port, said := 0, ""
	for {
		select {
		case <-ctx.Done():
			return nil
		case next := <-s.changed:
			if next == port {
				continue
			}
			s.close(open)
			open, port, said = nil, next, ""
		case <-retry.C:
		}
		if port == 0 || open != nil {
			continue
		}
		var err error
		if open, err = s.open(port); err != nil && err.Error() != said {
			said = err.Error()
			s.opt.Log.Error().Err(err).Msg("cannot serve the REST API, trying again every second")
		}
	}
}

// opened is a server at work.
type opened struct {
	server *http.Server
	served chan struct{} // closed when it has ended
}

func (s *Server) open(port int) (*opened, error) {
	l, err := net.Listen("tcp", net.JoinHostPort(s.opt.Host, strconv.Itoa(port)))
	if err != nil {
		return nil, err
	}
	o := &opened{
		server: &http.Server{Handler: s.handler(), ReadHeaderTimeout: headerTimeout, IdleTimeout: idleTimeout},
		served: make(chan struct{}),
	}
	go func() { // joined by close
		defer close(o.served)
		if err := o.server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			s.opt.Log.Error().Err(err).Msg("the REST API has ended")
		}
	}()
	s.setAddr(l.Addr())
	s.opt.Log.Info().Stringer("address", l.Addr()).Msg("REST API: listening")
	return o, nil
}

func (s *Server) setAddr(a net.Addr) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.addr = a
}

// close lets requests come to their end, but not for ever. nil is closed already.
func (s *Server) close(o *opened) {
	if o == nil {
		return
	}
	s.setAddr(nil)
	ctx, cancel := context.WithTimeout(context.Background(), drainTimeout)
	defer cancel()
	if o.server.Shutdown(ctx) != nil {
		_ = o.server.Close() // what still runs has had its time
	}
	<-o.served
}

func (s *Server) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
		_, _ = w.Write([]byte(s.opt.Metrics())) // a client that has left needs no answer
	})
	mux.HandleFunc("/sync/{uri...}", s.sync)
	return mux
}
