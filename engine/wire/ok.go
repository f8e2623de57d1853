package wire

// OK is the server's acknowledgement. With CapDeprecateEOF it also ends result sets, then with header 0xfe.
type OK struct {
	AffectedRows uint64
	LastInsertID uint64
	Status       uint16
	Warnings     uint16
	Info         string // "Rows matched: 1  Changed: 1  Warnings: 0"
	State        []byte // session state changes (CapSessionTrack and StatusSessionStateChanged); points into the packet
	EndOfRows    bool   // header 0xfe instead of 0x00
}

// Append writes the packet for a connection without CapSessionTrack: State is left out.
func (o *OK) Append(b []byte) []byte {
	b = o.appendFixed(b, o.Status&^StatusSessionStateChanged)
	if o.Info == "" {
		return b
	}
	return AppendText(b, o.Info)
}

// AppendTracked writes the packet for a connection with CapSessionTrack.
func (o *OK) AppendTracked(b []byte) []byte {
	status := o.Status &^ StatusSessionStateChanged
	if len(o.State) > 0 {
		status |= StatusSessionStateChanged
	}
	b = o.appendFixed(b, status)
	if o.Info == "" && len(o.State) == 0 {
		return b
	}
	b = AppendText(b, o.Info)
	if len(o.State) > 0 {
		b = AppendText(b, o.State)
	}
	return b
}

func (o *OK) appendFixed(b []byte, status uint16) []byte {
	header := headerOK
	if o.EndOfRows {
		header = headerEOF
	}
	b = AppendLenenc(append(b, header), o.AffectedRows)
	b = AppendLenenc(b, o.LastInsertID)
	return appendU16(appendU16(b, status), o.Warnings)
}

// Decode reads an OK packet of a connection with the given capabilities. The manual has Info reach to the end of the packet
// on connections without CapSessionTrack; MySQL and MariaDB put its length in front there too, and both forms are read.
func (o *OK) Decode(p []byte, caps Capability) error {
	*o = OK{}
	c := cursor{b: p}
	switch c.u8() {
	case headerOK:
	case headerEOF:
		o.EndOfRows = true
	default:
		c.fail()
	}
	o.AffectedRows = c.number()
	o.LastInsertID = c.number()
	o.Status = c.u16()
	o.Warnings = c.u16()
	if len(c.b) == 0 {
		return c.err("OK packet")
	}
	if caps&CapSessionTrack == 0 {
		info := cursor{b: c.b}
		o.Info = info.text()
		if info.bad || len(info.b) > 0 {
			o.Info = string(c.b)
		}
		return nil
	}
	o.Info = c.text()
	if o.Status&StatusSessionStateChanged != 0 && len(c.b) > 0 {
		o.State, _ = c.lenencBytes()
	}
	return c.err("OK packet")
}
