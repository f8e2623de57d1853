package admin

import "github.com/keepsql/keepsql/engine/wire"

// versionColumn describes @@version to cluster nodes: the original table says that we are keepsql, whose version may follow
// others, and the original name of the column where the version comes from. ProxySQL reads neither. It is nil for all others, who
// get an ordinary column.
func (s *session) versionColumn() []wire.Column {
	if user := s.srv.admin.Load().String("admin-cluster_username"); user == "" || s.login.User != user {
		return nil
	}
	_, source := s.srv.layers.Version()
	c := wire.TextColumn("@@version")
	c.OrgTable, c.OrgName = "keepsql", source.String()
	return []wire.Column{c}
}
