package admin

import "github.com/keepsql/keepsql/engine/wire"

// versionAnswer answers SELECT @@version. To cluster nodes the original table of the column says that we are keepsql, whose version
// may follow others, and its original name where the version comes from: both are read at one moment, since a node that took an
// old version for a followed one would follow it. ProxySQL reads neither. All others get an ordinary column.
func (s *session) versionAnswer() answer {
	if user := s.srv.admin.Load().String("admin-cluster_username"); user == "" || s.login.User != user {
		return cell("@@version", s.version())
	}
	version, source := s.srv.layers.Version()
	c := wire.TextColumn("@@version")
	c.OrgTable, c.OrgName = "keepsql", source.String()
	a := cell("@@version", version)
	a.columns = []wire.Column{c}
	return a
}
