package wire

// ChangeUser is the COM_CHANGE_USER command: a new login on an open connection.
type ChangeUser struct {
	User       string
	Auth       []byte // response of the authentication plugin; points into the decoded packet
	Database   string
	Charset    uint16
	Plugin     string // set with CapPluginAuth
	Attributes []Attribute
}

// Append writes the command, its first byte included, for a connection with CapSecureConnection. With CapPluginAuth in
// caps the plugin's name is written, with CapConnectAttrs also the attributes.
func (u *ChangeUser) Append(b []byte, caps Capability) []byte {
	b = appendNul(append(b, byte(ComChangeUser)), u.User)
	b = append(append(b, byte(len(u.Auth))), u.Auth...)
	b = appendU16(appendNul(b, u.Database), u.Charset)
	if caps&CapPluginAuth != 0 {
		b = appendNul(b, u.Plugin)
	}
	if caps&CapConnectAttrs != 0 {
		b = appendAttributes(b, u.Attributes)
	}
	return b
}

// Decode reads the command, its first byte included. Clients may stop after the database.
func (u *ChangeUser) Decode(p []byte, caps Capability) error {
	*u = ChangeUser{}
	c := cursor{b: p}
	if c.u8() != byte(ComChangeUser) {
		c.fail()
	}
	u.User = c.nul()
	if caps&CapSecureConnection != 0 {
		u.Auth = c.take(int(c.u8()))
	} else {
		u.Auth = []byte(c.nul())
	}
	u.Database = c.nulOrEnd()
	if len(c.b) > 0 {
		u.Charset = c.u16()
	}
	if caps&CapPluginAuth != 0 && len(c.b) > 0 {
		u.Plugin = c.nulOrEnd()
	}
	if caps&CapConnectAttrs != 0 && len(c.b) > 0 {
		u.Attributes = decodeAttributes(&c)
	}
	return c.err("change user")
}
