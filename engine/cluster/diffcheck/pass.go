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
	if shown.Checksum == e.Checksum {
		e.Diff++
	} else {
		e.ChangedAt, e.Diff = st.now, 1
		st.newChecksum(p, w, shown)
		delete(st.failed, attempt{w.Module, p.Peer})
	}
	e.Stamp, e.UpdatedAt = shown, st.now
	if shown.Checksum == own.Checksum {
		e.Diff = 0
	}
}

// tickPass counts a check at which the peer had nothing new. What differed goes on counting; what was equal stays equal,
// even if this node changed meanwhile.
func (st *step) tickPass(p *peer) {
	for _, e := range p.entries {
		e.UpdatedAt = st.now
		switch {
		case e.Checksum == st.own[e.Name].Checksum:
			e.Diff = 0
		case e.Diff > 0:
			e.Diff++
		}
	}
}
