package wire

// SSLRequest is the packet by which a client asks for TLS before it sends its HandshakeResponse.
type SSLRequest struct {
	Capabilities Capability
	MaxPacket    uint32
	Charset      byte
	MariaDBCaps  uint32
}

// sslRequestSize tells an SSLRequest from a HandshakeResponse, which is longer.
const sslRequestSize = 32

// IsSSLRequest reports whether a client's first payload asks for TLS.
func IsSSLRequest(p []byte) bool {
	return len(p) == sslRequestSize && Capability(uint32(p[0])|uint32(p[1])<<8)&CapSSL != 0
}

// Append implements Message.
func (r *SSLRequest) Append(b []byte) []byte {
	b = appendU32(b, uint32(r.Capabilities))
	b = appendU32(b, r.MaxPacket)
	b = append(b, r.Charset)
	b = append(b, make([]byte, 19)...)
	return appendU32(b, r.MariaDBCaps)
}

// Decode reads an SSLRequest.
func (r *SSLRequest) Decode(p []byte) error {
	c := cursor{b: p}
	r.decode(&c)
	return c.err("TLS request")
}

// decode reads the part an SSLRequest and a HandshakeResponse have in common.
func (r *SSLRequest) decode(c *cursor) {
	r.Capabilities = Capability(c.u32())
	r.MaxPacket = c.u32()
	r.Charset = c.u8()
	c.take(19)
	r.MariaDBCaps = c.u32()
}
