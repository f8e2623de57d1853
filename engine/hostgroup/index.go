package hostgroup

import (
	"strconv"
	"strings"
	"time"

	"github.com/keepsql/keepsql/conf/layers"
	"github.com/keepsql/keepsql/conf/schema"
)

// view is the compiled module mysql_servers. It never changes.
type view struct {
	groups   map[int]*groupView
	ignoring bool // some hostgroup ignores session variables
}

// groupView is one hostgroup as the snapshot has it.
type groupView struct {
	*group
	servers    []*Server
	attributes attributes
}

// attributes are a row of mysql_hostgroup_attributes, or the defaults.
type attributes struct {
	freePct        int // -1: mysql-free_connections_pct
	maxOnline      int
	multiplex      bool
	initConnect    string   // "": mysql-init_connect
	warming        bool     // besides mysql-connection_warming
	throttle       int      // 0: mysql-throttle_connections_per_sec_to_hostgroup
	ignored        []string // ignore_session_variables, in lower case
	handleWarnings int      // hostgroup_settings; -1: mysql-handle_warnings
	lagWhenNull    int      // hostgroup_settings, in seconds; -1: mysql-monitor_slave_lag_when_null
}

var defaultAttributes = attributes{freePct: -1, maxOnline: 1_000_000, multiplex: true, handleWarnings: -1, lagWhenNull: -1}

// row reads the cells of one row by column name.
type row struct {
	rows *schema.Rows
	n    int
}

func (r row) text(column string) string { return r.rows.Get(r.n, column).Text }

// number reads a column that the table's CHECKs keep a number; anything else is 0.
func (r row) number(column string) int {
	n, _ := strconv.Atoi(r.text(column))
	return n
}

// prepare builds the view of a snapshot. Servers known already are found again; new ones are made.
func (m *Manager) prepare(s *layers.Snapshot) (*view, []confChange) {
	v := &view{groups: map[int]*groupView{}}
	var changes []confChange
	rows, params := s.Runtime["mysql_servers"], serverTLS(s.Runtime["mysql_servers_ssl_params"])
	for i := range rows.Rows {
		r := row{rows, i}
		key := Key{Hostgroup: r.number("hostgroup_id"), Host: r.text("hostname"), Port: r.number("port")}
		g := v.groups[key.Hostgroup]
		if g == nil {
			g = &groupView{group: m.group(key.Hostgroup), attributes: defaultAttributes}
			v.groups[key.Hostgroup] = g
		}
		srv := m.server(key, g.group)
		g.servers = append(g.servers, srv)
		conf := readServer(r)
		conf.tls = params[Key{Host: key.Host, Port: key.Port}]
		for _, choice := range conf.tls {
			if conf.useTLS && choice.err != nil {
				m.log.Error().Err(choice.err).Str("server", srv.String()).Msg("server cannot be reached")
			}
		}
		changes = append(changes, confChange{srv, conf})
	}
	m.readAttributes(v, s.Runtime["mysql_hostgroup_attributes"])
	return v, changes
}

// confChange is a server's configuration that comes into force at commit.
type confChange struct {
	server *Server
	conf   *serverConf
}

func readServer(r row) *serverConf {
	c := &serverConf{
		weight:         r.number("weight"),
		maxConnections: r.number("max_connections"),
		useTLS:         r.number("use_ssl") != 0,
		compress:       r.number("compression") != 0,
		gtidPort:       r.number("gtid_port"),
		maxLatency:     time.Duration(r.number("max_latency_ms")) * time.Millisecond,
	}
	switch strings.ToUpper(r.text("status")) {
	case "OFFLINE_SOFT":
		c.status = OfflineSoft
	case "OFFLINE_HARD":
		c.status = OfflineHard
	}
	return c
}
