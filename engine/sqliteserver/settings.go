package sqliteserver

import (
	"fmt"

	"github.com/keepsql/keepsql/conf/layers"
	"github.com/keepsql/keepsql/engine/wire"
)

// users is what is stored of the accounts, by name.
type users map[string]wire.Credential

// front is what the server takes from the variables of the proxy.
type front struct {
	version                      string // announced to clients
	monitorUser, monitorPassword string
}

// prepareUsers takes the accounts clients of the proxy use, because the proxy logs in with them.
func (s *Server) prepareUsers(snap *layers.Snapshot) (commit func(), err error) {
	rows := snap.Runtime["mysql_users"]
	next := users{}
	for i := range rows.Rows {
		if rows.Get(i, "frontend").Text != "1" || rows.Get(i, "active").Text == "0" {
			continue
		}
		next[rows.Get(i, "username").Text] = wire.Credential{
			Password: rows.Get(i, "password").Text, Schema: rows.Get(i, "default_schema").Text,
		}
	}
	return func() { s.users.Store(&next) }, nil
}

func (s *Server) prepareFront(snap *layers.Snapshot) (commit func(), err error) {
	v := snap.Variables()
	next := front{
		version:     v.String("mysql-server_version"),
		monitorUser: v.String("mysql-monitor_username"), monitorPassword: v.String("mysql-monitor_password"),
	}
	return func() { s.front.Store(&next) }, nil
}

func (s *Server) prepareOwn(snap *layers.Snapshot) (commit func(), err error) {
	v := snap.Variables()
	return func() {
		s.readOnly.Store(v.Bool("sqliteserver-read_only"))
		s.listeners.Apply(v.String("sqliteserver-mysql_ifaces"))
	}, nil
}

// lookup finds a user of the proxy, or the monitor.
func (s *Server) lookup(user string, _ wire.LoginInfo) (wire.Credential, error) {
	if c, ok := (*s.users.Load())[user]; ok {
		return c, nil
	}
	if f := s.front.Load(); user != "" && user == f.monitorUser {
		return wire.Credential{Password: f.monitorPassword}, nil
	}
	return wire.Credential{}, fmt.Errorf("find user %q: there is none of that name", user)
}
