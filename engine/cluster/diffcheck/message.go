package diffcheck

import "fmt"

// The texts are upstream's: people's alerts search for them. A standing conflict is repeated after twice as many checks each
// time, and the number in its text is the number of checks until then.

func (st *step) line(level Level, p *peer, w *Watch, format string, args ...any) {
	l := Line{Level: level, Peer: p.Peer, Text: fmt.Sprintf(format, args...)}
	if w != nil {
		l.Watch = w.Name
	}
	st.actions = append(st.actions, l)
}

// conflicting makes of the last line one that reports a conflict.
func (st *step) conflicting(kind string) {
	last := len(st.actions) - 1
	l := st.actions[last].(Line)
	l.Conflict = kind
	st.actions[last] = l
}

func (st *step) newChecksum(p *peer, w *Watch, shown Stamp) {
	own := st.own[w.Name]
	fate := "Not syncing yet ..."
	if own.Diffs == 0 {
		fate = fmt.Sprintf("Not syncing due to '%s=0'.", w.DiffsVariable)
	}
	st.line(Info, p, w, "Cluster: detected a new checksum for %s from peer %s, version %d, epoch %d, checksum %s . %s",
		w.Name, p, shown.Version, shown.Epoch, shown.Checksum, fate)
	if shown.Checksum == own.Checksum {
		st.line(Info, p, w, "Cluster: checksum for %s from peer %s matches with local checksum %s , we won't sync.",
			w.Name, p, own.Checksum)
	}
}

func (st *step) proceeding(p *peer, w *Watch, own Own) {
	e := p.entries[w.Name]
	st.line(Info, p, w, "Cluster: detected a peer %s with %s version %d, epoch %d, diff_check %d. Own version: %d, epoch: %d. "+
		"Proceeding with remote sync", p, w.Name, e.Version, e.Epoch, e.Diff, own.Version, own.Epoch)
	if w.Along == "" {
		return
	}
	both := "NO"
	if st.along(w) != "" {
		both = "YES"
	}
	st.line(Info, p, w, "Cluster: Fetch %s:'YES', %s:'%s' from peer %s", w.Name, w.Along, both, p)
}

func (st *step) chosen(p *peer, w *Watch) {
	e := p.entries[w.Name]
	st.line(Info, p, w, "Cluster: detected peer %s with %s version %d, epoch %d", p, w.Name, e.Version, e.Epoch)
}

func (st *step) skipping(ahead *peer, w *Watch, epoch int64) {
	st.line(Warning, ahead, w, "Cluster: detected a peer with %s epoch %d , but not enough diff_check. "+
		"We won't sync from epoch %d: temporarily skipping sync", w.Name, ahead.entries[w.Name].Epoch, epoch)
}

// conflict names the module's own command; upstream says LOAD MYSQL SERVERS for modules to which that does nothing.
func (st *step) conflict(p *peer, w *Watch, own Own) {
	e := p.entries[w.Name]
	st.line(Error, p, w, "Cluster: detected a peer %s with %s version %d, epoch %d, diff_check %d, checksum %s. "+
		"Own version: %d, epoch: %d, checksum %s. Sync conflict, epoch times are EQUAL, can't determine which server holds the latest config, "+
		"we won't sync. This message will be repeated every %d checks until LOAD %s TO RUNTIME is executed on candidate master.",
		p, w.Name, e.Version, e.Epoch, e.Diff, e.Checksum, own.Version, own.Epoch, own.Checksum, e.Diff, w.Command)
	st.conflicting(SameEpoch)
}

func (st *step) versionOne(p *peer, w *Watch, own Own) {
	e, name := p.entries[w.Name], w.Name
	if w.Alias != "" {
		name = w.Alias
	}
	st.line(Warning, p, w, "Cluster: detected a peer %s with %s version %d, epoch %d, diff_check %d. Own version: %d, epoch: %d. "+
		"diff_check is increasing, but version 1 doesn't allow sync. This message will be repeated every %d checks "+
		"until LOAD %s TO RUNTIME is executed on candidate master.",
		p, name, e.Version, e.Epoch, e.Diff, own.Version, own.Epoch, e.Diff, w.Command)
	st.conflicting(VersionOne)
}

// tooFarAhead is said once of each content of a peer.
func (st *step) tooFarAhead(p *peer, w *Watch, own Own) {
	e := p.entries[w.Name]
	st.line(Warning, p, w, "Cluster: detected a peer %s with %s version %d, epoch %d, which is %d seconds ahead of our clock. "+
		"Own version: %d, epoch: %d. Not syncing: %s", p, w.Name, e.Version, e.Epoch, e.Epoch-st.now.Unix(), own.Version, own.Epoch,
		fixClock(w))
}

// vacant says why content of version 1 is pulled.
func (st *step) vacant(p *peer, w *Watch) {
	st.line(Info, p, w, "Cluster: %s is empty here, bootstrapping it from peer %s", w.Name, p)
}
