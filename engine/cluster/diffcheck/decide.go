package diffcheck

// repeat is after how many times diffs_before_sync checks a conflict is reported again.
const repeat = 10

// decide judges every watch of a peer that was just checked.
func (st *step) decide(p *peer) {
	for i := range st.watches {
		w := &st.watches[i]
		own, e := st.own[w.Name], p.entries[w.Name]
		if own.Diffs == 0 || own.Mute {
			continue
		}
		again := e.Diff > 0 && e.Diff%(repeat*own.Diffs) == 0
		switch {
		case e.Version <= 1:
			// What a node had when it started is nobody's word: it may be a new node, or one restored from a backup.
			if again {
				st.versionOne(p, w, own)
			}
			continue
		case newer(e, own) && e.Diff >= own.Diffs:
			st.sync(p, w, own)
		}
		if e.Epoch == own.Epoch && again {
			st.conflict(p, w, own)
		}
	}
}

// newer tells whether what a peer shows replaces what is in force here.
func newer(e *Entry, own Own) bool {
	return e.Version > 1 && (own.Version == 1 || e.Epoch > own.Epoch)
}

// sync starts a pull because of trigger, from the peer with the newest content. Nothing happens while the module is being
// pulled already, or while all peers that could serve it have just failed to.
func (st *step) sync(trigger *peer, w *Watch, own Own) {
	if _, busy := st.running[w.Module]; busy {
		return
	}
	best := st.best(w, own)
	if best == nil {
		return
	}
	from := best.entries[w.Name]
	ahead := st.ahead(w, own, from.Epoch)
	e := trigger.entries[w.Name]
	if ahead != nil && e.Diff != own.Diffs && e.Diff%(repeat*own.Diffs) != 0 {
		return // said already
	}
	st.proceeding(trigger, w, own)
	if ahead != nil {
		st.skipping(ahead, w, from.Epoch)
		return
	}
	st.chosen(best, w)
	st.running[w.Module] = best.Peer
	st.actions = append(st.actions, Pull{
		Peer: best.Peer, Watch: w.Name, Along: st.along(w), Expected: st.expected(best, w), Own: own.Stamp,
	})
}

// best is the peer with the newest content that differed for long enough: by epoch, then by version, then as listed.
func (st *step) best(w *Watch, own Own) (best *peer) {
	for _, p := range st.peers {
		e := p.entries[w.Name]
		if !newer(e, own) || e.Diff < own.Diffs || st.now.Before(st.failed[attempt{w.Module, p.Peer}].until) {
			continue
		}
		if best == nil {
			best = p
			continue
		}
		b := best.entries[w.Name]
		if e.Epoch > b.Epoch || e.Epoch == b.Epoch && e.Version > b.Version {
			best = p
		}
	}
	return best
}

// ahead is a peer with a later epoch that has not differed for long enough yet: better to wait for it.
func (st *step) ahead(w *Watch, own Own, epoch int64) *peer {
	for _, p := range st.peers {
		if e := p.entries[w.Name]; e.Version > 1 && e.Epoch > epoch && e.Diff < own.Diffs {
			return p
		}
	}
	return nil
}

func (st *step) along(w *Watch) string {
	if w.Along == "" || st.own[w.Along].Mute {
		return ""
	}
	return w.Along
}

// expected is what a peer shows of all watches of a module.
func (st *step) expected(p *peer, w *Watch) map[string]Stamp {
	out := map[string]Stamp{}
	for _, other := range st.watches {
		if other.Module == w.Module {
			out[other.Name] = p.entries[other.Name].Stamp
		}
	}
	return out
}
