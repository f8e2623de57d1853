package layers

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"github.com/keepsql/keepsql/conf/schema"
	"github.com/keepsql/keepsql/conf/store"
)

// Options is what a Manager works with.
type Options struct {
	Log   zerolog.Logger
	Store *store.Store
	State *store.State
	Now   func() time.Time // nil: time.Now
	// Version is the default of admin-version, which peers must have in common; empty: that of the schema.
	Version string
	// SyncInterfaces is the top-level setting cluster_sync_interfaces: listeners take part
	// in checksums and pulls.
	SyncInterfaces bool
	// NoSQLiteServer leaves the variables of the embedded server out, as upstream does without --sqlite3-server.
	NoSQLiteServer bool
}

// Manager owns the layers of all modules. Its methods may be called from any goroutine;
// loads and merges are done one after the other.
type Manager struct {
	log            zerolog.Logger
	store          *store.Store
	state          *store.State
	now            func() time.Time
	version        string
	syncInterfaces bool
	noSQLiteServer bool

	current map[string]*atomic.Pointer[Snapshot] // by module; the map never changes

	mu        sync.Mutex // guards the rest, and is held over every load
	consumers map[string][]Consumer
	saved     map[string]store.Version // what State knew at boot
	bases     map[string]*schema.Rows  // the rows the file had when it was last applied
	changed   chan struct{}            // closed and replaced at every swap
	shown     shownVersion
}

// New makes a Manager. Nothing is loaded before Boot.
func New(o Options) (*Manager, error) {
	saved, err := o.State.Versions()
	if err != nil {
		return nil, fmt.Errorf("read module versions: %w", err)
	}
	bases, err := o.State.Bases()
	if err != nil {
		return nil, fmt.Errorf("read what the file had: %w", err)
	}
	m := &Manager{
		log: o.Log, store: o.Store, state: o.State, now: o.Now,
		version: o.Version, syncInterfaces: o.SyncInterfaces, noSQLiteServer: o.NoSQLiteServer,
		current:   map[string]*atomic.Pointer[Snapshot]{},
		consumers: map[string][]Consumer{},
		saved:     saved,
		bases:     bases,
		changed:   make(chan struct{}),
	}
	if m.now == nil {
		m.now = time.Now
	}
	if m.version == "" {
		m.version = schema.FindVariable(versionVariable).Default
	}
	m.shown = shownVersion{m.version, VersionOwn}
	for _, mod := range schema.Modules() {
		m.current[mod.Name] = new(atomic.Pointer[Snapshot])
	}
	return m, nil
}

// Subscribe adds a consumer of a module. Subscribe before Boot: a consumer hears of the loads
// that come after.
func (m *Manager) Subscribe(module string, c Consumer) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.consumers[module] = append(m.consumers[module], c)
}

// Snapshot is the runtime of a module; nil before Boot.
func (m *Manager) Snapshot(module string) *Snapshot { return m.current[module].Load() }

// Variables gives the variables in force of admin_variables or mysql_variables.
func (m *Manager) Variables(module string) Variables { return m.Snapshot(module).Variables() }

// Stamps gives version, epoch and checksum of every module that has them.
func (m *Manager) Stamps() map[string]Stamp {
	out := map[string]Stamp{}
	for _, p := range m.current {
		if s := p.Load(); s != nil {
			for name, stamp := range s.Stamps {
				out[name] = stamp
			}
		}
	}
	return out
}

// GlobalChecksum is the answer to SELECT GLOBAL_CHECKSUM().
func (m *Manager) GlobalChecksum() uint64 { return globalChecksum(m.Stamps()) }

// SyncInterfaces tells whether listeners take part in checksums and pulls.
func (m *Manager) SyncInterfaces() bool { return m.syncInterfaces }

// Changed returns a channel that is closed at the next swap of any module.
func (m *Manager) Changed() <-chan struct{} {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.changed
}

// Load puts memory into force: LOAD <module> TO RUNTIME.
func (m *Manager) Load(module, origin string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	mod, err := find(module)
	if err != nil {
		return err
	}
	m.log.Info().Msgf("Received LOAD %s TO RUNTIME command", mod.Command)
	return m.loadMemory(mod, loadInfo{origin: origin})
}

func find(module string) (schema.Module, error) {
	mod, ok := schema.FindModule(module)
	if !ok {
		return mod, fmt.Errorf("find module %q: there is none of that name", module)
	}
	return mod, nil
}

// loadInfo says how a load differs from an operator's.
type loadInfo struct {
	origin string
	edited bool             // at boot: the file was edited while the process was down
	peer   map[string]Stamp // of the peer whose content this is, by name of the checksum; nil: no peer's
	// runtimeServers replaces the servers in force; nil: those that are loaded.
	runtimeServers *schema.Rows
	only           string // the one checksum that changes; empty: all
	relabel        bool   // nobody loaded anything: version and epoch stay
}

// loadMemory reads the module's rows from main and installs them.
func (m *Manager) loadMemory(mod schema.Module, info loadInfo) error {
	source, err := m.readMemory(mod)
	if err != nil {
		return fmt.Errorf("read %s from memory: %w", mod.Name, err)
	}
	st, err := m.stage(mod, source, info)
	if err != nil {
		return err
	}
	m.swap(st)
	return nil
}

func (m *Manager) readMemory(mod schema.Module) (source map[string]*schema.Rows, err error) {
	if mod.Prefix != "" {
		return m.readVariables(mod)
	}
	source = map[string]*schema.Rows{}
	err = m.store.Tx(func(tx store.Tx) error {
		for _, table := range mod.Tables {
			if source[table], err = tx.Query("SELECT * FROM main." + table); err != nil {
				return err
			}
		}
		return nil
	})
	return source, err
}

// staged is a snapshot that every consumer is prepared for.
type staged struct {
	next    *Snapshot
	commits []func()
}

// stage derives a snapshot and prepares the consumers; nothing is in force yet.
func (m *Manager) stage(mod schema.Module, source map[string]*schema.Rows, info loadInfo) (staged, error) {
	before := m.current[mod.Name].Load()
	known := before
	if info.peer != nil {
		known = nil // a peer's rows are in force as it serves them
	}
	d := m.derive(mod, source, known)
	if info.runtimeServers != nil {
		d.runtime["mysql_servers"] = info.runtimeServers
		d.sums[schema.MySQLServers] = hashServed("mysql_servers", info.runtimeServers)
	}
	st := staged{next: &Snapshot{
		Module: mod, Origin: info.origin, Loaded: m.now(),
		Source: source, Runtime: d.runtime, Stamps: map[string]Stamp{},
	}}
	for _, name := range mod.Checksums {
		if info.only != "" && name != info.only {
			st.next.Stamps[name] = before.Stamps[name]
			continue
		}
		st.next.Stamps[name] = m.stamp(name, ChecksumText(d.sums[name]), before, info)
	}
	for _, c := range m.consumers[mod.Name] {
		commit, err := c.Prepare(st.next)
		if err != nil {
			return staged{}, fmt.Errorf("load %s to runtime: %w", strings.ToLower(mod.Command), err)
		}
		st.commits = append(st.commits, commit)
	}
	return st, nil
}

// swap puts a staged snapshot into force; it is the only place where runtime changes.
func (m *Manager) swap(st staged) {
	before := m.current[st.next.Module.Name].Swap(st.next)
	for _, commit := range st.commits {
		commit()
	}
	close(m.changed)
	m.changed = make(chan struct{})
	m.remember(st.next)
	m.noteVersion(st.next)
	if err := m.record(before, st.next); err != nil {
		m.log.Error().Err(err).Str("module", st.next.Module.Name).Msg("cannot write the history of the configuration")
	}
}

// stamp gives the next version and epoch of a checksum. A module that comes back after a
// restart with the content it had keeps its version and epoch; an epoch never stands still.
func (m *Manager) stamp(name, checksum string, before *Snapshot, info loadInfo) Stamp {
	now := m.now().Unix()
	s := Stamp{Version: 1, Epoch: now, Checksum: checksum}
	if before != nil {
		if info.relabel {
			return Stamp{Version: before.Stamps[name].Version, Epoch: before.Stamps[name].Epoch, Checksum: checksum}
		}
		switch peer := info.peer[name]; {
		case peer.Checksum == checksum:
			return peer
		case info.peer != nil && before.Module.Prefix != "":
			// The peer, of another release, has a variable or value that we have not. What it loaded is in force as far as it
			// can be, and must not look later than its own, or the peer would pull it back.
			return Stamp{Version: peer.Version, Epoch: peer.Epoch, Checksum: checksum}
		}
		return before.Stamps[name].Next(checksum, now)
	}
	saved, known := m.saved[name]
	switch {
	case !known:
	case saved.Checksum == checksum:
		s.Version, s.Epoch = saved.Version, saved.Epoch
	case info.edited:
		s = Stamp{Version: saved.Version, Epoch: saved.Epoch}.Next(checksum, now)
	}
	return s
}

// remember writes the versions down for the next start, and the log line of the load.
func (m *Manager) remember(s *Snapshot) {
	for _, name := range s.Module.Checksums {
		stamp := s.Stamps[name]
		if err := m.saveVersion(s, name); err != nil {
			m.log.Error().Err(err).Str("module", name).Msg("cannot remember the module's version")
		}
		switch name {
		case schema.MySQLServers:
			m.log.Info().Msgf("Checksum for table mysql_servers is %s", stamp.Checksum)
		case schema.MySQLServersV2:
			m.log.Info().Msgf("New computed global checksum for 'mysql_servers_v2' is '%s'", stamp.Checksum)
		default:
			m.log.Info().Msgf("Computed checksum for 'LOAD %s TO RUNTIME' was '%s', with epoch '%d'", s.Module.Command, stamp.Checksum, stamp.Epoch)
		}
	}
}

func (m *Manager) saveVersion(s *Snapshot, name string) error {
	stamp := s.Stamps[name]
	return m.state.SaveVersion(name, store.Version{
		Version: stamp.Version, Epoch: stamp.Epoch, Checksum: stamp.Checksum, Origin: s.Origin,
	})
}
