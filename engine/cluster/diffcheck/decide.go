package diffcheck

// repeat is after how many times diffs_before_sync checks a conflict is reported.
const repeat = 10

// decide judges every watch of a peer that was just checked.
func (st *step) decide(p *peer) {
	for i := range st.watches {
		w := &st.watches[i]
		own, e := st.own[w.Name], p.entries[w.Name]
		if own.Diffs == 0 || own.Mute {
			continue
		}
		standing := e.standing(own, st.now)
		switch standing {
		case newer, vacant:
			if st.enough(p, w, own) {
				st.sync(p, w, own)
			}
		case standOff:
			if due(e, own) {
				st.versionOne(p, w, own)
			}
		case future:
			if e.Diff == own.Diffs {
				st.tooFarAhead(p, w, own)
			}
		}
		if standing != standOff && e.Epoch == own.Epoch && due(e, own) {
			st.conflict(p, w, own)
		}
	}
}

// due tells whether a conflict is to be reported at this check: after 10 times diffs_before_sync checks, and then after twice
// as many each time.
func due(e *Entry, own Own) bool {
	first := repeat * own.Diffs
	times := e.Diff / first
	return e.Diff > 0 && e.Diff%first == 0 && times&(times-1) == 0
}

// enough tells whether a peer differed for long enough to pull from it.
func (st *step) enough(p *peer, w *Watch, own Own) bool {
	e := p.entries[w.Name]
	if p.prompt && e.standing(own, st.now) == newer {
		return e.Diff >= 1
	}
	return e.Diff >= own.Diffs
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
	e := trigger.entries[w.Name]
	better := st.better(w, own, from)
	if e.Diff >= repeat*own.Diffs {
		better = nil // it had its time, and may never be back
	}
	first := own.Diffs
	if trigger.prompt {
		first = 1
	}
	if better != nil && e.Diff != first {
		return // said already
	}
	st.proceeding(trigger, w, own)
	if better != nil {
		st.skipping(better, w, from.Epoch)
		return
	}
	if from.standing(own, st.now) == vacant {
		st.vacant(best, w)
	}
	st.chosen(best, w)
	pull := Pull{Peer: best.Peer, Watch: w.Name, Along: st.along(w), Expected: st.expected(best, w), Own: own.Stamp}
	st.running[w.Module] = pull
	st.actions = append(st.actions, pull)
}

// best is the peer with the newest content that differed for long enough; what was loaded comes before what was not.
func (st *step) best(w *Watch, own Own) (best *peer) {
	for _, p := range st.peers {
		e := p.entries[w.Name]
		standing := e.standing(own, st.now)
		if standing != newer && standing != vacant || !st.enough(p, w, own) || st.waits(p, w) {
			continue
		}
		if best == nil || precedes(e, best.entries[w.Name]) {
			best = p
		}
	}
	return best
}

// waits tells whether a failed pull from a peer is not to be repeated yet. A clock that was set back ends the wait.
func (st *step) waits(p *peer, w *Watch) bool {
	left := st.failed[attempt{w.Module, p.Peer}].until.Sub(st.now)
	return left > 0 && left <= st.retry.Max
}

func precedes(a, b *Entry) bool {
	if loaded := a.Version > 1; loaded != (b.Version > 1) {
		return loaded
	}
	return later(a.Stamp, b.Stamp) > 0
}

// better is a peer with newer content that has not differed for long enough yet: worth to wait for.
func (st *step) better(w *Watch, own Own, than *Entry) *peer {
	for _, p := range st.peers {
		e := p.entries[w.Name]
		if e.standing(own, st.now) == newer && !st.enough(p, w, own) && (than.Version <= 1 || e.Epoch > than.Epoch) {
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
