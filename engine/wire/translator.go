package wire

// translated are the capabilities that change the form of answers and that Translator converts.
const translated = CapDeprecateEOF | CapSessionTrack

// Compatible reports whether answers may pass unchanged between connections with these capabilities.
func Compatible(a, b Capability) bool { return (a^b)&translated == 0 }

// Translator is an Answer that also rewrites the answer for a client whose CapDeprecateEOF or CapSessionTrack differs from the
// server connection's, in either direction.
//
// A proxy cannot avoid such pairs: clients differ, and a pooled server connection that was opened for one serves another.
// Its pool should prefer a connection of the client's own kind, for which Compatible holds and bytes pass untouched; this is
// the way for the rest. It copies every byte and allocates for OK packets, but it needs no more than one chunk of memory.
type Translator struct {
	Answer
	// HideGTIDs takes GTIDs out of what the client is told of session state. Reset sets it to false.
	HideGTIDs bool

	to     Capability
	begun  bool
	seq    byte   // number of the next packet for the client; hides the Answer's
	due    eofDue // an EOF packet the server left out
	status uint16 // what such a packet says
}

// eofDue says when a left out EOF packet is to be inserted.
type eofDue byte

const (
	dueNot  eofDue = iota
	dueNow         // when the current packet is through
	dueNext        // before the next packet, unless that shows that a cursor was opened
)

// Reset begins a new answer to cmd, from a server connection with capabilities from, for a client with capabilities to. status
// is what the server's status flags were before the command; it is told in packets the server does not send.
func (t *Translator) Reset(cmd Command, from, to Capability, status uint16) {
	t.Answer.Reset(cmd, from)
	t.to, t.begun, t.due, t.status, t.HideGTIDs = to, false, dueNot, status, false
}

// Number sets the number of the client's next packet, where it is not that of the server's packet: commands that took another
// number of packets, compressed connections.
func (t *Translator) Number(seq byte) { t.begun, t.seq = true, seq }

// Feed consumes a chunk like Answer.Feed and appends what the client is to get for it to dst.
func (t *Translator) Feed(dst, b []byte) (out []byte, n int, done bool, err error) {
	for {
		if t.left == 0 && t.missing == 0 {
			if t.due == dueNow {
				dst = t.insertEOF(dst)
			}
			if t.done {
				break
			}
		}
		if n == len(b) {
			break
		}
		before := t.phase
		s, err := t.step(b[n:])
		if err != nil {
			return dst, n, false, err
		}
		n += s.n
		switch s.kind {
		case stepHead:
			dst = t.passHead(dst, s)
			t.noteDefinitionsEnd(before)
		case stepBody:
			dst = append(dst, s.payload...)
		case stepWhole:
			if err := t.take(s.payload); err != nil {
				return dst, n, false, err
			}
			if dst, err = t.passWhole(dst, s, before); err != nil {
				return dst, n, false, err
			}
		}
	}
	t.Bytes += uint64(n)
	return dst, n, t.done && t.left == 0 && t.missing == 0, nil
}

// Boundary is as of Answer, with the number of the client's next packet.
func (t *Translator) Boundary() (next byte, ok bool) {
	_, ok = t.Answer.Boundary()
	return t.seq, ok && t.due == dueNot
}

func (t *Translator) header(dst []byte, size int) []byte {
	dst = append(dst, byte(size), byte(size>>8), byte(size>>16), t.seq)
	t.seq++
	return dst
}

// begin takes over the number the server's first packet has.
func (t *Translator) begin(seq byte) {
	if !t.begun {
		t.begun, t.seq = true, seq
	}
}

func (t *Translator) passHead(dst []byte, s step) []byte {
	t.begin(s.seq)
	if t.due == dueNext {
		dst = t.insertEOF(dst)
	}
	return append(t.header(dst, s.size), s.payload...)
}

// noteDefinitionsEnd plans the EOF packet that the client expects behind definitions and the server does not send. It is
// called when the phase was before and a packet's first bytes have passed.
func (t *Translator) noteDefinitionsEnd(before phase) {
	if t.caps&CapDeprecateEOF == 0 || t.to&CapDeprecateEOF != 0 {
		return
	}
	switch {
	case before == phaseColumns && t.phase == phaseRows:
		t.due = dueNext
	case (before == phaseParams || before == phasePrepared) && (t.phase != before || t.done):
		t.due = dueNow
	}
}

func (t *Translator) insertEOF(dst []byte) []byte {
	t.due = dueNot
	e := EOF{Status: t.status}
	return e.Append(t.header(dst, 5))
}

// passWhole translates a packet of interest that was taken already.
func (t *Translator) passWhole(dst []byte, s step, before phase) ([]byte, error) {
	t.begin(s.seq)
	p := s.payload
	switch {
	case p[0] == headerERR:
	case before == phaseColumnsEnd || before == phaseParamsEnd || before == phasePreparedEnd:
		if t.to&CapDeprecateEOF != 0 {
			if !(before == phaseColumnsEnd && t.phase == phaseRows && t.done || t.phase == phaseFirst) {
				return dst, nil
			}
			return t.passEnd(dst, p)
		}
	case p[0] == headerEOF && before != phaseFirst:
		return t.passEnd(dst, p)
	case p[0] == headerOK && (before == phaseFirst || before == phaseSingle):
		return t.passOK(dst, p)
	}
	if t.due == dueNext {
		dst = t.insertEOF(dst)
	}
	return append(t.header(dst, len(p)), p...), nil
}

// passEnd translates what ends rows.
func (t *Translator) passEnd(dst, p []byte) ([]byte, error) {
	var ok OK
	if len(p) < 6 {
		var e EOF
		if len(p) >= 5 {
			if err := e.Decode(p); err != nil {
				return dst, err
			}
		}
		ok = OK{EndOfRows: true, Status: e.Status, Warnings: e.Warnings}
	} else if err := ok.Decode(p, t.caps); err != nil {
		return dst, err
	}
	if t.due == dueNext {
		if ok.Status&StatusCursorExists == 0 {
			dst = t.insertEOF(dst)
		}
		t.due = dueNot
	}
	if t.to&CapDeprecateEOF == 0 {
		e := EOF{Status: ok.Status &^ StatusSessionStateChanged, Warnings: ok.Warnings}
		return e.Append(t.header(dst, 5)), nil
	}
	return t.appendOK(dst, &ok), nil
}

func (t *Translator) passOK(dst, p []byte) ([]byte, error) {
	if (t.caps^t.to)&CapSessionTrack == 0 && !t.HideGTIDs {
		return append(t.header(dst, len(p)), p...), nil
	}
	var ok OK
	if err := ok.Decode(p, t.caps); err != nil {
		return dst, err
	}
	return t.appendOK(dst, &ok), nil
}

// appendOK frames an OK packet in the client's form.
func (t *Translator) appendOK(dst []byte, ok *OK) []byte {
	start := len(dst)
	dst = t.header(dst, 0)
	if t.to&CapSessionTrack != 0 {
		if t.HideGTIDs {
			ok.State = withoutGTIDs(ok.State)
		}
		dst = ok.AppendTracked(dst)
	} else {
		dst = ok.Append(dst)
	}
	n := len(dst) - start - headerSize
	dst[start], dst[start+1], dst[start+2] = byte(n), byte(n>>8), byte(n>>16)
	return dst
}
