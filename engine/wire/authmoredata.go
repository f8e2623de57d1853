package wire

// Contents of an AuthMoreData packet of caching_sha2_password, and the client's request for the public key.
const (
	sha2KeyRequest byte = 2 // client → server
	sha2FastOK     byte = 3 // server → client: the cached password matched, OK follows
	sha2Full       byte = 4 // server → client: send the password
)

// AuthMoreData carries an authentication plugin's own message from the server.
type AuthMoreData struct {
	Data []byte // points into the decoded packet
}

// Append implements Message.
func (a *AuthMoreData) Append(b []byte) []byte { return append(append(b, headerMoreData), a.Data...) }

// Decode reads the packet.
func (a *AuthMoreData) Decode(p []byte) error {
	c := cursor{b: p}
	if c.u8() != headerMoreData {
		c.fail()
	}
	a.Data = c.rest()
	return c.err("auth data")
}
