package diffcheck

import (
	"slices"
	"time"
)

// Watch describes a checksum that is watched. The order in which State gets its watches is the order of decisions.
type Watch struct {
	Name   string // as in runtime_checksums_values
	Module string // what is pulled and loaded as one; of each only one pull runs at a time
	// Along is another watch of the module that is fetched with this one, unless it is mute; empty for none.
	Along string
	// Alias stands for Name in the warning about version 1; empty for Name.
	Alias         string
	Command       string // as in LOAD … TO RUNTIME
	DiffsVariable string // full name of its diffs_before_sync
}

// Retry is how long a failed pull waits: Min after the first failure, twice as long after each further one, at most Max.
type Retry struct{ Min, Max time.Duration }

// State is what is known of all peers.
type State struct {
	watches []Watch
	retry   Retry
	peers   []*peer         // in the order of the list
	running map[string]Pull // by module: what is being pulled
	failed  map[attempt]failure
}

type peer struct {
	Peer
	entries map[string]*Entry // by name of the watch; one for each
	prompt  bool              // it reports its changes at once
}

type attempt struct {
	module string
	peer   Peer
}

// failure delays the next pull of a module from a peer. It is forgotten when a pull succeeds and when the peer shows new
// content of that module.
type failure struct {
	times int
	until time.Time
}

// New makes a State without peers.
func New(watches []Watch, retry Retry) *State {
	return &State{watches: watches, retry: retry, running: map[string]Pull{}, failed: map[attempt]failure{}}
}

// Step takes an event in. own is by name of the watch. Events about peers that are not listed change nothing.
func (s *State) Step(now time.Time, own map[string]Own, e Event) []Action {
	st := step{State: s, now: now, own: own}
	switch e := e.(type) {
	case Members:
		st.members(e)
	case Rows:
		if p := s.find(e.Peer); p != nil {
			p.prompt = e.Prompt
			st.rowPass(p, e.Rows)
			st.decide(p)
		}
	case Tick:
		if p := s.find(e.Peer); p != nil {
			st.tickPass(p)
			st.decide(p)
		}
	case PullEnded:
		st.pullEnded(e)
	}
	return st.actions
}

// Entries lists what is known of a peer in the order of names, nothing for a peer that is not listed.
func (s *State) Entries(of Peer) []Entry {
	p := s.find(of)
	if p == nil {
		return nil
	}
	var out []Entry
	for _, e := range p.entries {
		out = append(out, *e)
	}
	slices.SortFunc(out, func(a, b Entry) int {
		if a.Name < b.Name {
			return -1
		}
		return 1
	})
	return out
}

func (s *State) find(of Peer) *peer {
	i := slices.IndexFunc(s.peers, func(p *peer) bool { return p.Peer == of })
	if i < 0 {
		return nil
	}
	return s.peers[i]
}

func (s *State) watch(name string) *Watch {
	i := slices.IndexFunc(s.watches, func(w Watch) bool { return w.Name == name })
	if i < 0 {
		return nil
	}
	return &s.watches[i]
}

// step is one call of Step.
type step struct {
	*State
	now     time.Time
	own     map[string]Own
	actions []Action
}

// members makes the peers those of a list. Peers that stay keep their entries.
func (st *step) members(list Members) {
	var peers []*peer
	for _, m := range list {
		if slices.ContainsFunc(peers, func(p *peer) bool { return p.Peer == m }) {
			continue
		}
		p := st.find(m)
		if p == nil {
			p = &peer{Peer: m, entries: map[string]*Entry{}}
			for _, w := range st.watches {
				p.entries[w.Name] = &Entry{Name: w.Name}
			}
			st.line(Info, p, nil, "Created new Cluster Node Entry for host %s", p)
		}
		peers = append(peers, p)
	}
	old := st.peers
	st.peers = peers
	for _, p := range old {
		if st.find(p.Peer) == nil {
			st.line(Info, p, nil, "Destroyed Cluster Node Entry for host %s", p)
			st.forget(p.Peer)
		}
	}
}

// forget drops what is remembered of pulls from a peer that left.
func (st *step) forget(p Peer) {
	for _, w := range st.watches {
		delete(st.failed, attempt{w.Module, p})
		if st.running[w.Module].Peer == p {
			delete(st.running, w.Module)
		}
	}
}

// pullEnded makes room for the next pull of the module, and starts it where the news of a change came meanwhile.
func (st *step) pullEnded(e PullEnded) {
	ended := st.running[e.Module]
	if ended.Peer != e.Peer {
		return
	}
	delete(st.running, e.Module)
	st.account(ended, e)
	for _, p := range st.peers {
		for i := range st.watches {
			if w := &st.watches[i]; p.prompt && w.Module == e.Module {
				st.resume(p, w)
			}
		}
	}
}

// resume pulls what is newer on a peer, apart from its checks.
func (st *step) resume(p *peer, w *Watch) {
	own := st.own[w.Name]
	if own.Diffs > 0 && !own.Mute && p.entries[w.Name].standing(own, st.now) == newer && st.enough(p, w, own) {
		st.sync(p, w, own)
	}
}

// account remembers how a pull ended. That a peer no longer had what it showed before is no failure.
func (st *step) account(ended Pull, e PullEnded) {
	key := attempt{e.Module, e.Peer}
	changed := false
	if p := st.find(e.Peer); p != nil {
		if e.Partly {
			p.entries[ended.Watch].partly = ended.Expected[ended.Watch]
		}
		changed = p.entries[ended.Watch].Checksum != ended.Expected[ended.Watch].Checksum
	}
	if !e.Failed || changed {
		delete(st.failed, key)
		return
	}
	f := st.failed[key]
	wait := st.retry.Max
	if f.times < 16 { // beyond, the shift leaves any sensible range
		wait = min(st.retry.Min<<f.times, st.retry.Max)
	}
	st.failed[key] = failure{times: f.times + 1, until: st.now.Add(wait)}
}
