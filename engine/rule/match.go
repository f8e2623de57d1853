package rule

import "strings"

// Match evaluates the rules for q and fills in d. It does not allocate once d has
// seen a few statements, except to rewrite with the RE2 engine.
func (s *Set) Match(q *Query, d *Decision) {
	d.Reset(q.FlagIN)
	if s.walk(q, d) {
		s.fast.route(q, d)
	}
}

// walk evaluates the rules and reports whether fast routing is to be asked: not
// after a match with apply, and, as upstream has it, not if the last rule of all
// has apply set.
func (s *Set) walk(q *Query, d *Decision) bool {
	s.exclude(q, d)
	restarts := s.iterations
	flags := s.flags.of(d.Flag)
	for i := next(d.scratch.base, d.scratch.text, flags, 0); i >= 0; i = next(d.scratch.base, d.scratch.text, flags, i+1) {
		r := s.rules[i]
		if !s.matches(r, q, d) {
			continue
		}
		s.hits[i].n.Add(1)
		flagged := s.execute(r, q, d)
		if r.row.Apply {
			return false
		}
		if flagged {
			flags = s.flags.of(d.Flag)
			if restarts > 0 {
				restarts--
				i = -1
			}
		}
	}
	return s.fastLast
}

// exclude fills d's bit sets with the rules that can match.
func (s *Set) exclude(q *Query, d *Decision) {
	b := &d.scratch
	b.base, b.text = sized(b.base, len(s.all)), sized(b.text, len(s.all))
	if q.NoDigest {
		copy(b.base, s.all)
	} else {
		s.digestWords.narrow(b.base, s.all, q.DigestText)
		s.digests.narrow(b.base, q.Digest)
	}
	s.users.narrow(b.base, q.Username)
	s.schemas.narrow(b.base, q.Schemaname)
	s.textWords.narrow(b.text, s.all, q.Text)
}

func sized(b bitset, n int) bitset {
	if cap(b) < n {
		return make(bitset, n)
	}
	return b[:n]
}

// matches evaluates the conditions of r in upstream's order.
func (s *Set) matches(r *compiled, q *Query, d *Decision) bool {
	row := r.row
	switch {
	case row.FlagIN != d.Flag,
		row.Username.Valid && row.Username.V != q.Username,
		row.Schemaname.Valid && row.Schemaname.V != q.Schemaname,
		row.ClientAddr.Valid && !r.addrMatches(q.ClientAddr),
		row.ProxyAddr.Valid && row.ProxyAddr.V != q.ProxyAddr,
		row.ProxyPort.Valid && row.ProxyPort.V != q.ProxyPort,
		row.Digest.Valid && !q.NoDigest && r.digest != q.Digest:
		return false
	}
	if r.matchDigest != nil && !q.NoDigest && s.test(r.matchDigest, q.DigestText, &d.scratch.digestRunes) == r.negate {
		return false
	}
	return r.matchPattern == nil || s.test(r.matchPattern, d.current(q), &d.scratch.textRunes) != r.negate
}

func (r *compiled) addrMatches(addr string) bool {
	if r.addrPrefix {
		return strings.HasPrefix(addr, r.addr)
	}
	return addr == r.addr
}

func (s *Set) test(p *pattern, text []byte, runes *subject) bool {
	matched, stopped := p.match(text, runes)
	if stopped {
		s.stopped.n.Add(1)
	}
	return matched
}

// current is the statement as earlier rules left it.
func (d *Decision) current(q *Query) []byte {
	if d.Rewritten != nil {
		return d.Rewritten
	}
	return q.Text
}

// execute gives d what r says and reports whether the flag was set.
func (s *Set) execute(r *compiled, q *Query, d *Decision) (flagged bool) {
	d.Rules++
	d.LastRule = r.row.RuleID
	d.take(r.row)
	if r.rewrites && !r.negate {
		s.rewrite(r, q, d)
	}
	switch {
	case r.flagChoice != nil:
		d.Flag = r.flagChoice.pick()
	case r.row.FlagOUT.Valid:
		d.Flag = r.row.FlagOUT.V
	default:
		return false
	}
	return true
}

// rewrite replaces the statement for the rules that follow.
func (s *Set) rewrite(r *compiled, q *Query, d *Decision) {
	text, done := d.scratch.rewriter.rewrite(r.matchPattern, d.current(q), &d.scratch.textRunes, r.template, r.global)
	if !done {
		return
	}
	d.Rewritten = text
	d.scratch.textRunes.reset()
	s.textWords.narrow(d.scratch.text, s.all, text)
}

// take copies every output of row that is not NULL.
func (d *Decision) take(row *Row) {
	set := func(to *int, from Null[int]) {
		if from.Valid {
			*to = from.V
		}
	}
	set(&d.DestinationHostgroup, row.DestinationHostgroup)
	set(&d.CacheTTL, row.CacheTTL)
	set(&d.CacheEmptyResult, row.CacheEmptyResult)
	set(&d.CacheTimeout, row.CacheTimeout)
	set(&d.Reconnect, row.Reconnect)
	set(&d.Timeout, row.Timeout)
	set(&d.Retries, row.Retries)
	set(&d.Delay, row.Delay)
	set(&d.NextQueryFlagIN, row.NextQueryFlagIN)
	set(&d.MirrorFlagOUT, row.MirrorFlagOUT)
	set(&d.MirrorHostgroup, row.MirrorHostgroup)
	set(&d.StickyConn, row.StickyConn)
	set(&d.Multiplex, row.Multiplex)
	set(&d.GtidFromHostgroup, row.GtidFromHostgroup)
	set(&d.Log, row.Log)
	if row.ErrorMsg.Valid {
		d.ErrorMsg = row.ErrorMsg
	}
	if row.OKMsg.Valid {
		d.OKMsg = row.OKMsg
	}
}
