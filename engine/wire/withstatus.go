package wire

// WithStatus adds status flags to every EOF and OK packet of a complete result set and returns it; b is changed in place. caps
// are the capabilities of the client the result set was made for. What is no result set stays as it is.
func WithStatus(b []byte, caps Capability, flags uint16) []byte {
	var a Answer
	a.Reset(ComQuery, caps)
	for at := 0; at+headerSize < len(b); {
		end := at + headerSize + payloadLen(b[at:])
		if end > len(b) {
			return b
		}
		before := a.phase
		if n, _, err := a.Feed(b[at:end]); err != nil || n != end-at {
			return b
		}
		if b[at+headerSize] == headerEOF && (before == phaseColumnsEnd || before == phaseRows && a.done) {
			addFlags(b[at+headerSize:end], caps, flags)
		}
		at = end
	}
	return b
}

// addFlags adds status flags to an EOF packet, or an OK packet that ends rows.
func addFlags(p []byte, caps Capability, flags uint16) {
	at := 3
	if caps&CapDeprecateEOF != 0 {
		if len(p) < 5 || p[1] > 250 || p[2] > 250 { // rows affected and an insert id, in a result set always 0
			return
		}
	}
	if len(p) >= at+2 {
		p[at] |= byte(flags)
		p[at+1] |= byte(flags >> 8)
	}
}
