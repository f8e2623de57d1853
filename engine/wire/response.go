package wire

import "fmt"

// Attribute is one connection attribute ("_client_name", "program_name", …).
type Attribute struct {
	Name, Value string
}

// HandshakeResponse is a client's answer to the greeting (protocol 4.1).
type HandshakeResponse struct {
	SSLRequest // capabilities, packet size, charset
	User       string
	Auth       []byte // response of the authentication plugin; points into the decoded packet
	Database   string // set with CapConnectWithDB
	Plugin     string // set with CapPluginAuth
	Attributes []Attribute
}

// Append implements Message. The capability flags decide which fields are written and how.
func (r *HandshakeResponse) Append(b []byte) []byte {
	b = r.SSLRequest.Append(b)
	b = appendNul(b, r.User)
	switch {
	case r.Capabilities&CapPluginAuthLenenc != 0:
		b = AppendText(b, r.Auth)
	case r.Capabilities&CapSecureConnection != 0:
		b = append(append(b, byte(len(r.Auth))), r.Auth...)
	default:
		b = append(append(b, r.Auth...), 0)
	}
	if r.Capabilities&CapConnectWithDB != 0 {
		b = appendNul(b, r.Database)
	}
	if r.Capabilities&CapPluginAuth != 0 {
		b = appendNul(b, r.Plugin)
	}
	if r.Capabilities&CapConnectAttrs != 0 {
		b = appendAttributes(b, r.Attributes)
	}
	return b
}

// Decode reads a response. Clients that leave off the last fields their flags promise are understood; a client older than
// protocol 4.1 is not.
func (r *HandshakeResponse) Decode(p []byte) error {
	*r = HandshakeResponse{}
	c := cursor{b: p}
	r.SSLRequest.decode(&c)
	if !c.bad && r.Capabilities&CapProtocol41 == 0 {
		return fmt.Errorf("decode handshake response: older than protocol 4.1: %w", ErrMalformed)
	}
	r.User = c.nul()
	switch {
	case r.Capabilities&CapPluginAuthLenenc != 0:
		r.Auth, _ = c.lenencBytes()
	case r.Capabilities&CapSecureConnection != 0:
		r.Auth = c.take(int(c.u8()))
	default:
		r.Auth = []byte(c.nulOrEnd())
	}
	if r.Capabilities&CapConnectWithDB != 0 {
		r.Database = c.nulOrEnd()
	}
	if r.Capabilities&CapPluginAuth != 0 {
		r.Plugin = c.nulOrEnd()
	}
	if r.Capabilities&CapConnectAttrs != 0 && len(c.b) > 0 {
		r.Attributes = decodeAttributes(&c)
	}
	return c.err("handshake response")
}

func appendAttributes(b []byte, attrs []Attribute) []byte {
	var list []byte
	for _, a := range attrs {
		list = AppendText(AppendText(list, a.Name), a.Value)
	}
	return AppendText(b, list)
}

func decodeAttributes(c *cursor) []Attribute {
	list, _ := c.lenencBytes()
	in := cursor{b: list}
	var attrs []Attribute
	for len(in.b) > 0 {
		a := Attribute{Name: in.text(), Value: in.text()}
		if in.bad {
			c.fail()
			return nil
		}
		attrs = append(attrs, a)
	}
	return attrs
}
