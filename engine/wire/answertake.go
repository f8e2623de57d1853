package wire

import "fmt"

// take accounts for a whole packet of interest.
func (a *Answer) take(p []byte) error {
	if p[0] == headerERR {
		return a.takeError(p)
	}
	switch a.phase {
	case phasePrepare:
		return a.takePrepared(p)
	case phaseFirst:
		return a.takeFirst(p)
	case phaseColumnsEnd, phaseParamsEnd, phasePreparedEnd:
		return a.takeDefinitionsEnd(p)
	case phaseRows, phaseFields:
		a.first(KindRows)
		return a.takeEnd(p)
	case phaseStream:
		a.first(KindStream)
		return a.takeEnd(p)
	case phaseSingle:
		a.first(KindOK)
		if p[0] == headerEOF {
			return a.takeEnd(p)
		}
		return a.takeOK(p)
	}
	return a.unexpected(p)
}

func (a *Answer) unexpected(p []byte) error {
	return fmt.Errorf("follow answer to command %d: packet type %#02x in phase %d: %w", a.cmd, p[0], a.phase, ErrMalformed)
}

func (a *Answer) takeError(p []byte) error {
	e := new(Error)
	if err := e.Decode(p); err != nil {
		return err
	}
	a.first(KindError)
	a.Err = e
	a.Status &^= StatusMoreResults
	a.Results++
	a.done = true
	return nil
}

// takeFirst begins a result.
func (a *Answer) takeFirst(p []byte) error {
	switch p[0] {
	case headerOK:
		a.first(KindOK)
		return a.takeOK(p)
	case headerNull:
		a.first(KindFile)
		a.File, a.done = true, true
		return nil
	case headerEOF:
		return a.unexpected(p)
	}
	c := cursor{b: p}
	a.columns = c.number()
	if c.bad || len(c.b) > 0 || a.columns == 0 {
		return a.unexpected(p)
	}
	a.first(KindRows)
	a.phase = phaseColumns
	return nil
}

func (a *Answer) takePrepared(p []byte) error {
	c := cursor{b: p}
	if c.u8() != headerOK {
		c.fail()
	}
	a.StatementID = c.u32()
	a.PreparedWidth = c.u16()
	a.Params = c.u16()
	c.u8()
	if len(c.b) >= 2 {
		a.Warnings = c.u16()
	}
	if c.bad {
		return a.unexpected(p)
	}
	a.Kind = KindPrepared
	a.phase = phaseParams
	if a.columns = uint64(a.Params); a.Params == 0 {
		a.definitionsDone()
	}
	return nil
}

// takeDefinitionsEnd reads the EOF between definitions and rows. A result that opened a cursor ends there.
func (a *Answer) takeDefinitionsEnd(p []byte) error {
	if p[0] != headerEOF || len(p) >= 9 {
		return a.unexpected(p)
	}
	if a.phase != phaseColumnsEnd {
		a.definitionsDone()
		return nil
	}
	c := cursor{b: p[1:]}
	warnings, status := c.u16(), c.u16()
	if c.bad {
		return a.unexpected(p)
	}
	a.hide(p[3:])
	a.phase = phaseRows
	if status&StatusCursorExists != 0 {
		a.Status, a.Warnings, a.StatusSeen = status, warnings, true
		a.endResult()
	}
	return nil
}

// takeEnd reads what ends rows: an EOF packet, or an OK packet in its place.
func (a *Answer) takeEnd(p []byte) error {
	if len(p) < 6 { // no OK packet is so short
		c := cursor{b: p[1:]}
		if len(p) >= 5 { // servers before 4.1 send the type alone
			a.Warnings, a.Status = c.u16(), c.u16()
			a.StatusSeen = true
			a.hide(p[3:])
		}
		a.endResult()
		return nil
	}
	return a.takeOK(p)
}

// hide takes flags out of the status at the beginning of b.
func (a *Answer) hide(b []byte) {
	b[0] &^= byte(a.Hide)
	b[1] &^= byte(a.Hide >> 8)
}

// takeOK reads an OK packet without allocating.
func (a *Answer) takeOK(p []byte) error {
	c := cursor{b: p[1:]}
	affected, id := c.number(), c.number()
	flags := c.b
	status, warnings := c.u16(), c.u16()
	if c.bad || p[0] != headerOK && p[0] != headerEOF {
		return a.unexpected(p)
	}
	a.hide(flags)
	a.AffectedRows += affected
	if id != 0 {
		a.LastInsertID = id
	}
	a.Status, a.Warnings, a.StatusSeen = status, warnings, true
	if a.StateChanged != nil && a.caps&CapSessionTrack != 0 && status&StatusSessionStateChanged != 0 && len(c.b) > 0 {
		c.lenencBytes() // info
		state, _ := c.lenencBytes()
		if c.bad {
			return a.unexpected(p)
		}
		a.StateChanged(state)
	}
	a.endResult()
	return nil
}

// endResult ends a result set or statement; another may follow.
func (a *Answer) endResult() {
	a.Results++
	if a.Status&StatusMoreResults != 0 && a.phase != phaseSingle {
		a.phase = phaseFirst
		return
	}
	a.done = true
}
