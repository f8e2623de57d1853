package wire

// EOF ends column definitions and rows on connections without CapDeprecateEOF.
type EOF struct {
	Warnings uint16
	Status   uint16
}

// Append implements Message.
func (e *EOF) Append(b []byte) []byte {
	return appendU16(appendU16(append(b, headerEOF), e.Warnings), e.Status)
}

// Decode reads an EOF packet.
func (e *EOF) Decode(p []byte) error {
	c := cursor{b: p}
	if c.u8() != headerEOF || len(p) >= 9 {
		c.fail()
	}
	e.Warnings = c.u16()
	e.Status = c.u16()
	return c.err("EOF packet")
}
