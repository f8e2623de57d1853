package admin

import (
	"context"
	"slices"
	"strings"

	"github.com/keepsql/keepsql/conf/schema"
	"github.com/keepsql/keepsql/engine/wire"
)

// compatCommands answer what clients and connectors ask on their own, before or beside what their user types.
func compatCommands() []command {
	canned := func(text string, run func(*session) answer) command {
		return command{text: text, stats: true, peers: true, run: func(_ context.Context, s *session, _ call) (answer, error) { return run(s), nil }}
	}
	return []command{
		canned("SELECT @@VERSION_COMMENT LIMIT 1", func(*session) answer { return cell("'(ProxySQL Admin Module)'", "(ProxySQL Admin Module)") }),
		canned("SELECT @@VERSION_COMMENT", func(s *session) answer { return cell("@@version", s.version()) }),
		canned("SELECT @@VERSION", (*session).versionAnswer),
		canned("SELECT VERSION()", func(s *session) answer { return cell("version()", s.version()) }),
		canned("SELECT CONCAT(@@VERSION, ' ', @@VERSION_COMMENT)", func(s *session) answer {
			return cell("'"+s.version()+" Admin Module'", s.version()+" Admin Module")
		}),
		canned("SELECT DATABASE(), USER() LIMIT 1", func(s *session) answer {
			return table([]string{"DATABASE()", "USER()"}, []string{s.class.String(), s.login.User})
		}),
		canned("SELECT DATABASE()", func(s *session) answer { return cell("DATABASE()", s.class.String()) }),
		canned("SELECT DATABASE() AS NAME", func(s *session) answer { return cell("name", s.class.String()) }),
		canned("SELECT USER()", func(s *session) answer { return cell("user()", s.who()) }),
		canned("SELECT CURRENT_USER()", func(s *session) answer { return cell("current_user()", s.who()) }),
		canned("SELECT CONNECTION_ID()", func(*session) answer { return cell("CONNECTION_ID()", "0") }),
		canned("SELECT @@SQL_MODE", func(*session) answer { return cell("@@sql_mode", "") }),
		canned("SELECT @@MAX_ALLOWED_PACKET", func(*session) answer { return cell("@@max_allowed_packet", maxAllowedPacket) }),
		canned("SELECT TIMEDIFF(NOW(), UTC_TIMESTAMP())", func(*session) answer { return cell("TIMEDIFF(NOW(), UTC_TIMESTAMP()", "00:00:00") }),
		canned("SELECT @@MAX_ALLOWED_PACKET, @@CHARACTER_SET_CLIENT, @@CHARACTER_SET_CONNECTION, @@LICENSE, @@SQL_MODE, @@LOWER_CASE_TABLE_NAMES", func(*session) answer {
			return table([]string{"@@max_allowed_packet", "@@character_set_client", "@@character_set_connection", "@@license", "@@sql_mode", "@@lower_case_table_names"},
				[]string{maxAllowedPacket, "utf8", "utf8", "", "", ""})
		}),
		canned("SELECT @@CHARACTER_SET_CLIENT, @@CHARACTER_SET_CONNECTION, @@CHARACTER_SET_SERVER, @@CHARACTER_SET_DATABASE LIMIT 1", func(*session) answer {
			return table([]string{"@@character_set_client", "@@character_set_connection", "@@character_set_server", "@@character_set_database"},
				[]string{"utf8", "utf8", "utf8", "utf8"})
		}),
		canned("SHOW STATUS LIKE 'BINLOG_SNAPSHOT_GTID_EXECUTED'", func(*session) answer { return table(variableColumns) }),
		canned("SHOW VARIABLES WHERE VARIABLE_NAME IN ('MAX_ALLOWED_PACKET','SYSTEM_TIME_ZONE','TIME_ZONE','SQL_MODE')", func(*session) answer {
			return table(variableColumns, []string{"max_allowed_packet", "4194304"}, []string{"sql_mode", "STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION"},
				[]string{"system_time_zone", "UTC"}, []string{"time_zone", "SYSTEM"})
		}),
		canned("SHOW VARIABLES WHERE VARIABLE_NAME IN ('MAX_ALLOWED_PACKET','SYSTEM_TIME_ZONE','TIME_ZONE','AUTO_INCREMENT_INCREMENT')", func(*session) answer {
			return table(variableColumns, []string{"max_allowed_packet", "4194304"}, []string{"auto_increment_increment", "1"},
				[]string{"system_time_zone", "UTC"}, []string{"time_zone", "SYSTEM"})
		}),
		canned("SHOW GLOBAL VARIABLES LIKE 'VERSION'", func(s *session) answer { return table(variableColumns, []string{"version", s.version()}) }),
		canned("SHOW GLOBAL VARIABLES LIKE 'READ_ONLY'", showReadOnly),
		canned("SELECT @@GLOBAL.READ_ONLY", selectReadOnly),
		{text: "select @@collation_database", exact: true, stats: true, run: func(context.Context, *session, call) (answer, error) {
			return cell("@@collation_database", "utf8_general_ci"), nil
		}},
		{text: "SELECT $$", stats: true, run: func(context.Context, *session, call) (answer, error) {
			return answer{}, wire.Errorf(1054, "28000", "%sUnknown column '$$' in 'field list'", errorPrefix)
		}},
	}
}

// maxAllowedPacket is the default of mysql-max_allowed_packet, which upstream gives here whatever the variable says.
const maxAllowedPacket = "67108864"

var variableColumns = []string{"Variable_name", "Value"}

// version is admin-version: what clients are told, and what peers must have in common.
func (s *session) version() string { return s.srv.admin.Load().String("admin-version") }

func showReadOnly(s *session) answer {
	value := "OFF"
	if s.srv.readOnly.Load() {
		value = "ON"
	}
	a := table(variableColumns, []string{"read_only", value})
	a.status = wire.StatusAutocommit
	return a
}

// selectReadOnly is asked by those who look for the writer of a set of servers.
func selectReadOnly(s *session) answer {
	value := "0"
	if s.srv.readOnly.Load() {
		value = "1"
	}
	a := cell("@@global.read_only", value)
	a.columns = []wire.Column{{Name: "@@global.read_only", Type: wire.TypeLonglong, Charset: wire.CharsetBinary, Length: 1, Flags: 128}}
	a.status = wire.StatusAutocommit
	return a
}

// selectVariable is SELECT @@name: one row, or none for a name that is not a variable of ours.
func selectVariable(ctx context.Context, s *session, c call) (answer, error) {
	name := strings.TrimSuffix(c.arg, " ")
	if strings.ContainsFunc(name, func(r rune) bool { return !isWord(r) && !slices.Contains([]rune("-.@$"), r) }) {
		return s.sql(ctx, c.text)
	}
	r, err := s.variables(ctx, "SELECT variable_value FROM %s."+variablesTable(name)+" WHERE variable_name="+literal(name))
	if err == nil {
		r.rows.Columns = []string{"@@" + name}
	}
	return r, err
}

// variables runs a query on the variables the session's class sees: memory, or the one that stats accounts see.
func (s *session) variables(ctx context.Context, format string) (answer, error) {
	where := "main"
	if s.class == statsClass {
		where = "stats"
		if err := s.showStatsVariables(); err != nil {
			return answer{}, err
		}
	}
	return s.runSelect(ctx, strings.Replace(format, "%s", where, 1))
}

// showStatsVariables fills the variables that stats accounts see: how large their statements may be.
func (s *session) showStatsVariables() error {
	const name = "mysql-max_allowed_packet"
	return s.srv.store.Refresh(map[string]*schema.Rows{"stats.global_variables": {
		Columns: []string{"variable_name", "variable_value"},
		Rows:    []schema.Row{{schema.Text(name), schema.Text(s.srv.mysql.Load().String(name))}},
	}})
}

// literal makes an SQL string of a text.
func literal(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }
