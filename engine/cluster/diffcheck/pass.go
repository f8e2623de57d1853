package diffcheck

// rowPass takes in what a peer shows of its modules.
func (st *step) rowPass(p *peer, rows []Row) {
	for _, r := range rows {
		if w := st.watch(r.Name); w != nil {
			st.row(p, w, r.Stamp)
		}
	}
}

// row compares one row with what the peer showed before and with our own content.
func (st *step) row(p *peer, w *Watch, shown Stamp) {
	e, own := p.entries[w.Name], st.own[w.Name]
	if shown.Checksum != e.Checksum || shown.Epoch != e.Epoch {
		e.held, e.late = Stamp{}, Stamp{}
		if unbelievable(shown, own, st.now) {
			e.held = own.Stamp
		}
		if e.Checksum != "" && ahead(own.Stamp, st.now) {
			e.late = own.Stamp
		}
	}
	if shown.Checksum == e.Checksum {
		e.Diff++
	} else {
		e.ChangedAt, e.Diff = st.now, 1
		st.newChecksum(p, w, shown)
		delete(st.failed, attempt{w.Module, p.Peer})
	}
	e.Stamp = shown
	if shown.Checksum == own.Checksum {
		e.Diff = 0
	}
	st.checked(e, own)
	if e.inStep && shown.Version > 1 && later(shown, own.Stamp) > 0 && !unbelievable(shown, own, st.now) && own.Diffs > 0 && !own.Mute {
		st.actions = append(st.actions, Align{Watch: w.Name, Stamp: shown})
	}
}

// tickPass counts a check at which the peer had nothing new. What differed goes on counting. What was equal begins to count
// where this node changed and the peer is newer all the same: its load and ours crossed.
func (st *step) tickPass(p *peer) {
	for _, e := range p.entries {
		own := st.own[e.Name]
		switch {
		case e.Checksum == own.Checksum:
			e.Diff = 0
		case e.Diff > 0 || e.standing(own, st.now) == newer:
			e.Diff++
		}
		st.checked(e, own)
	}
}

// checked notes whether the peer is in step.
func (st *step) checked(e *Entry, own Own) {
	inStep := e.Checksum == own.Checksum
	if inStep != e.inStep || e.since.IsZero() {
		e.since = st.now
	}
	e.UpdatedAt, e.inStep = st.now, inStep
}
