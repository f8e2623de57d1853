package proxy

import (
	"encoding/json"

	"github.com/keepsql/keepsql/engine/hostgroup"
	"github.com/keepsql/keepsql/engine/wire"
)

// reasons names the sticky bits, for people who wonder why a connection is not shared.
var reasons = []struct {
	bit  sticky
	name string
}{
	{stickyUserVariable, "user_variable"},
	{stickyPrepared, "prepared_statement"},
	{stickyLockTables, "lock_tables"},
	{stickyTemporary, "temporary_table"},
	{stickyGetLock, "get_lock"},
	{stickyNoMultiplex, "no_multiplex"},
	{stickyFoundRows, "found_rows"},
	{stickyHostgroup, "no_multiplex_HG"},
	{stickySavepoint, "has_savepoint"},
	{stickyWarnings, "has_warnings"},
	{stickyHandler, "handler"},
	{stickyXA, "xa"},
	{stickyOption, "set_option"},
	{stickyCursor, "cursor"},
	{stickyUnknown, "unknown"},
	{stickySet, "set"},
	{stickyOnce, "set_transaction"},
	{stickyRoutine, "routine"},
}

// names lists the reasons that are set.
func (f sticky) names() []string {
	out := []string{}
	for _, r := range reasons {
		if f&r.bit != 0 {
			out = append(out, r.name)
		}
	}
	return out
}

// internalSession answers PROXYSQL INTERNAL SESSION.
func (s *session) internalSession() error {
	backends := []map[string]any{}
	for i := range s.backends {
		b := &s.backends[i]
		backends = append(backends, map[string]any{
			"hostgroup_id": b.hostgroup, "gtid": s.gtids.in(b.hostgroup),
			"conn": map[string]any{
				"address": b.conn.Server().Host, "port": b.conn.Server().Port, "mysql_thread_id": b.conn.ThreadID(),
				"status": b.flags.names(), "in_transaction": b.inTrx, "auto_increment_delay_token": b.delay,
				"MultiplexDisabled": b.flags != 0, "ps": psOn(b),
			},
		})
	}
	vars := map[string]any{"names": s.vars.Names(), "ps": s.psOf()}
	s.vars.Each(func(name, value string) { vars[name] = value })
	info := map[string]any{
		"thread_session_id": s.id, "address": s.clientAddr(), "default_hostgroup": s.user.defaultHostgroup,
		"default_schema": s.schema, "autocommit": s.vars.Autocommit(), "locked_on_hostgroup": s.lockedOn,
		"transaction_persistent": s.user.transactionStays, "active_transactions": s.activeTransactions(),
		"last_insert_id": s.lastInsertID, "user_attributes": s.user.attributes, "warning_in_hg": s.warned,
		"backends": backends, "conn": vars, "gtid": map[string]any{"hid": s.gtids.hostgroup(), "last": s.gtids.in(s.gtids.hostgroup())},
		"client": map[string]any{
			"client_addr": map[string]any{"address": s.host, "port": s.port},
			"proxy_addr":  map[string]any{"address": s.proxyHost, "port": s.proxyPort},
			"encrypted":   s.client.TLS() != nil,
			"userinfo":    map[string]any{"username": s.user.name},
			"prot":        map[string]any{"auth_plugin": s.login.Plugin},
		},
	}
	text, err := json.Marshal(info)
	if err != nil {
		return s.fail(wire.Errorf(1105, "HY000", "%s", err.Error()))
	}
	return s.rows([]string{"session_info"}, []string{string(text)})
}

func (s *session) activeTransactions() int {
	n := 0
	for i := range s.backends {
		if s.backends[i].inTrx {
			n++
		}
	}
	return n
}

// extended is what the processlist shows of why connections are not shared, with mu held.
func (v *view) extended(form int) string {
	info := map[string]any{"status": v.flags.names(), "in_transaction": v.inTrx, "default_schema": v.schema}
	if c := v.conn; c != nil {
		info["backend"] = connInfo(c)
	}
	encode := json.Marshal
	if form == 2 {
		encode = func(x any) ([]byte, error) { return json.MarshalIndent(x, "", "  ") }
	}
	text, err := encode(info)
	if err != nil {
		return ""
	}
	return string(text)
}

func connInfo(c *hostgroup.Conn) map[string]any {
	return map[string]any{
		"hostgroup_id": c.Hostgroup(), "address": c.Server().Host, "port": c.Server().Port, "mysql_thread_id": c.ThreadID(),
	}
}
