package wire

import "fmt"

// stepKind is what a step over the input came upon.
type stepKind byte

const (
	stepMore  stepKind = iota // part of a packet of interest; nothing to do yet
	stepHead                  // header and first byte of a packet to pass over
	stepBody                  // more bytes of such a packet
	stepWhole                 // a packet of interest, complete
)

// step is the progress one call of Answer.step makes.
type step struct {
	kind    stepKind
	n       int    // bytes consumed
	size    int    // stepHead, stepWhole: payload length of the packet
	seq     byte   // stepHead, stepWhole: its sequence number
	payload []byte // the part of the payload this step stands for; valid until the next step
}

// step consumes bytes of one packet. For stepWhole the caller goes on with take.
func (a *Answer) step(b []byte) (step, error) {
	switch {
	case a.left > 0:
		k := min(a.left, len(b))
		a.left -= k
		return step{kind: stepBody, n: k, payload: b[:k]}, nil
	case a.missing > 0:
		k := min(a.missing, len(b))
		a.whole = append(a.whole, b[:k]...)
		if a.missing -= k; a.missing > 0 {
			return step{n: k}, nil
		}
		p := a.whole
		a.whole = nil
		return step{kind: stepWhole, n: k, size: payloadLen(a.head[:]), seq: a.head[3], payload: p}, nil
	}
	n, ok := a.readHead(b)
	if !ok {
		return step{n: n}, nil
	}
	a.have = 0
	size, seq := payloadLen(a.head[:]), a.head[3]
	a.seq, a.total = seq, headerSize+size
	if size == 0 || a.continued {
		return a.bare(n, size, seq)
	}
	interesting, err := a.judge(a.head[headerSize], size)
	if err != nil {
		return step{}, err
	}
	if !interesting {
		a.left, a.continued = size-1, size == maxPayload
		return step{kind: stepHead, n: n, size: size, seq: seq, payload: a.head[headerSize:]}, nil
	}
	if rest := size - 1; len(b)-n >= rest && n > headerSize { // the packet lies in b as a whole
		return step{kind: stepWhole, n: n + rest, size: size, seq: seq, payload: b[n-1 : n+rest]}, nil
	}
	a.whole, a.missing = append(a.small[:0], a.head[headerSize]), size-1
	if a.missing == 0 {
		p := a.whole
		a.whole = nil
		return step{kind: stepWhole, n: n, size: size, seq: seq, payload: p}, nil
	}
	return step{n: n}, nil
}

// readHead completes head: the header, and the first byte of the payload where the packet has one and it matters.
func (a *Answer) readHead(b []byte) (n int, ok bool) {
	for {
		if a.have == headerSize && (a.continued || payloadLen(a.head[:]) == 0) || a.have == headerSize+1 {
			return n, true
		}
		if n == len(b) {
			return n, false
		}
		a.head[a.have] = b[n]
		a.have++
		n++
	}
}

// bare deals with packets without a first byte to look at: continuations, and empty ones.
func (a *Answer) bare(n, size int, seq byte) (step, error) {
	if a.continued {
		a.left, a.continued = size, size == maxPayload
		return step{kind: stepHead, n: n, size: size, seq: seq}, nil
	}
	if a.phase != phaseText {
		return step{}, fmt.Errorf("follow answer to command %d: empty packet: %w", a.cmd, ErrMalformed)
	}
	a.Kind, a.Results, a.done = KindText, 1, true
	return step{kind: stepHead, n: n, seq: seq}, nil
}

// judge looks at the type and size of a packet that begins. It reports whether the packet has to be read whole; if not, it
// is accounted for here.
func (a *Answer) judge(typ byte, size int) (bool, error) {
	switch a.phase {
	case phaseText:
		if typ != headerERR {
			a.Kind, a.Results, a.done = KindText, 1, true
			return false, nil
		}
	case phaseColumns, phaseParams, phasePrepared:
		if typ != headerERR {
			a.columns--
			if a.columns == 0 {
				a.columnsDone()
			}
			return false, nil
		}
	case phaseRows:
		if typ < headerEOF || typ == headerEOF && !a.endsRows(size) {
			a.Rows++
			a.first(KindRows)
			return false, nil
		}
	case phaseFields:
		if typ < headerEOF {
			a.first(KindRows)
			return false, nil
		}
	case phaseStream:
		if typ < headerEOF {
			a.first(KindStream)
			return false, nil
		}
	}
	if size == maxPayload {
		return false, fmt.Errorf("follow answer to command %d: packet type %#02x of %d bytes: %w", a.cmd, typ, size, ErrMalformed)
	}
	return true, nil
}

// endsRows tells the packet behind the last row from a row that begins with a value of more than 16 MiB.
func (a *Answer) endsRows(size int) bool {
	if a.caps&CapDeprecateEOF != 0 {
		return size < maxPayload
	}
	return size < 9
}

// columnsDone chooses what follows the last definition, which may still be under way.
func (a *Answer) columnsDone() {
	switch {
	case a.caps&CapDeprecateEOF == 0:
		a.phase++ // the EOF of these definitions
	case a.phase == phaseColumns:
		a.phase = phaseRows
	default:
		a.definitionsDone()
	}
}

// definitionsDone goes on behind a block of definitions of a prepared statement.
func (a *Answer) definitionsDone() {
	if (a.phase == phaseParams || a.phase == phaseParamsEnd) && a.PreparedWidth > 0 {
		a.phase, a.columns = phasePrepared, uint64(a.PreparedWidth)
		return
	}
	a.Results++
	a.done = true
}

func (a *Answer) first(k Kind) {
	if a.Kind == KindNone {
		a.Kind = k
	}
}
