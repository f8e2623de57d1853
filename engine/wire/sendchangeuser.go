package wire

import (
	"errors"
	"fmt"
)

// SendChangeUser logs another account in on an open connection to a server (COM_CHANGE_USER), which also resets the
// session. Of acc, what concerns TLS and capabilities has no effect. info, the result of the login in force, is updated. A
// refusal by the server is (wrapped) *Error, after which servers close the connection.
func SendChangeUser(c *Conn, info *ServerInfo, acc *Account) error {
	// the first answer is to the challenge the server used last; libmysqlclient does the same
	l := clientLogin{c: c, acc: acc, caps: info.Capabilities, plugin: info.Plugin, challenge: info.challenge}
	l.startPlugin()
	auth, err := l.answer()
	if err != nil {
		return fmt.Errorf("change user: %w", err)
	}
	u := ChangeUser{
		User: acc.User, Auth: auth, Database: acc.Database, Charset: acc.Charset, Plugin: l.plugin, Attributes: acc.Attributes,
	}
	if u.Charset == 0 {
		u.Charset = CharsetUTF8MB4
	}
	c.BeginCommand()
	if err := errors.Join(c.EndPacket(u.Append(c.StartPacket(), info.Capabilities)), c.Flush()); err != nil {
		return fmt.Errorf("change user: %w", err)
	}
	ok, err := l.follow()
	if err != nil {
		return fmt.Errorf("change user: %w", err)
	}
	info.Status, info.Plugin, info.challenge = ok.Status, l.plugin, l.challenge
	return nil
}
