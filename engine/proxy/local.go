package proxy

import (
	"bytes"
	"strconv"
	"strings"
	"time"

	"github.com/keepsql/keepsql/engine/stats"
	"github.com/keepsql/keepsql/engine/wire"
)

// longestKnown is the length of the longest statement answered by its exact text.
const longestKnown = 128

// answerKnown serves the few statements that the proxy answers by their exact text, before any rule.
func (s *session) answerKnown(sql []byte) (done bool, err error) {
	if len(sql) > longestKnown || len(sql) < len("SELECT $$") || !mayBeKnown(sql) {
		return false, nil
	}
	if string(sql) == "select @@version_comment limit 1" { // upstream knows the lower case form only
		return true, s.rows([]string{"@@version_comment"}, []string{"(ProxySQL)"})
	}
	var buf [longestKnown]byte
	lower := appendLower(buf[:0], sql)
	switch string(lower) { // does not allocate
	case "select user()":
		return true, s.rows([]string{"USER()"}, []string{s.user.name})
	case "select database(), user() limit 1":
		return true, s.rows([]string{"DATABASE()", "USER()"}, []string{s.schema, s.user.name})
	case "select connection_id()":
		return true, s.number(sql, uint64(s.id))
	case "select last_insert_id()", "select last_insert_id() from dual", "select last_insert_id() limit 1",
		"select @@identity", "select @@identity limit 1":
		if s.insertIDOnServer() {
			return false, nil
		}
		return true, s.number(sql, s.lastInsertID)
	case "select row_count()", "select found_rows()", "select @@warning_count", "select @@error_count":
		return s.answerLast(sql, string(lower))
	case "select @@character_set_client, @@character_set_connection, @@character_set_server, @@character_set_database limit 1":
		return true, s.charsets()
	case "select $$":
		return true, s.dollars()
	case "proxysql internal session":
		return true, s.internalSession()
	}
	if beginsWith(lower, "proxysql internal") {
		return true, s.fail(wire.Errorf(1064, "42000", "Unknown PROXYSQL INTERNAL command"))
	}
	return false, nil
}

// mayBeKnown sorts out, by one or two bytes, nearly everything that is not answered here.
func mayBeKnown(sql []byte) bool {
	switch sql[0] | 0x20 {
	case 's':
		return len(sql) > 7 && strings.IndexByte("@$uUdDcClLrRfF", sql[7]) >= 0
	case 'p':
		return beginsWith(sql, "proxysql ")
	}
	return false
}

func appendLower(b, text []byte) []byte {
	for _, c := range text {
		if c-'A' < 26 {
			c += 'a' - 'A'
		}
		b = append(b, c)
	}
	return b
}

// number answers SELECT of one expression, whose column is called as the client wrote it.
func (s *session) number(sql []byte, n uint64) error {
	return s.integer(sql, strconv.FormatUint(n, 10), 0xa1)
}

func (s *session) integer(sql []byte, value string, flags uint16) error {
	name, _, _ := strings.Cut(string(sql[len("SELECT "):]), " ")
	return s.result([]wire.Column{{Name: name, Charset: wire.CharsetBinary, Length: 31, Type: wire.TypeLonglong, Flags: flags}},
		[]wire.Value{wire.Text(value)})
}

// charsets answers what some clients ask when they connect.
func (s *session) charsets() error {
	def := s.p.settings.Load().collation.Charset
	if def == "utf8mb3" { // upstream's table of character sets has the old name
		def = "utf8"
	}
	names, _, _ := strings.Cut(strings.TrimPrefix(s.vars.Names(), "CHARACTER SET "), " ")
	value := func(variable string) string {
		if v := strings.Trim(s.vars.Value(variable), "'"); v != "" {
			return v
		}
		if names == "" {
			return def
		}
		return names
	}
	return s.rows(
		[]string{"@@character_set_client", "@@character_set_connection", "@@character_set_server", "@@character_set_database"},
		[]string{value("character_set_client"), value("character_set_connection"), def, def})
}

// dollars answers what mysqlsh asks to see whether the server knows dollar quoting.
func (s *session) dollars() error {
	if strings.HasPrefix(s.p.settings.Load().serverVersion, "8.1") {
		return s.fail(wire.Errorf(1064, "42000", "You have an error in your SQL syntax; check the manual that corresponds to your "+
			"MySQL server version for the right syntax to use near '$$' at line 1"))
	}
	return s.fail(wire.Errorf(1054, "HY000", "Unknown column '$$' in 'field list'"))
}

// rows answers with one row of text.
func (s *session) rows(names, values []string) error {
	cols, row := make([]wire.Column, len(names)), make([]wire.Value, len(values))
	for i := range names {
		cols[i] = wire.TextColumn(names[i])
		row[i] = wire.Text(values[i])
	}
	return s.result(cols, row)
}

// result answers with a result set of at most one row; a nil row is none.
func (s *session) result(cols []wire.Column, row []wire.Value) error {
	w, st := wire.NewResultWriter(s.client, s.caps), s.status()
	if w.Columns(st, cols...) != nil || row != nil && w.Row(row...) != nil || w.End(st, 0) != nil {
		return errSession
	}
	return nil
}

// use serves USE; the schema is taken to a server with the next statement.
func (s *session) use(st *statement) (done bool, err error) {
	if !beginsWith(st.text, "use") || len(st.text) > 3 && st.text[3] != ' ' && st.text[3] != '`' {
		if st.traits&traitSeveral != 0 && bytes.Contains(bytes.ToLower(st.text), []byte("; use ")) {
			return true, s.fail(wire.Errorf(1148, "42000", "Unable to parse multi-statements command with USE statement: %s", cut(st.sql)))
		}
		return false, nil
	}
	name, ok := useName(st.sql)
	switch {
	case st.traits&traitSeveral != 0:
		return true, s.fail(wire.Errorf(1148, "42000", "Unable to parse multi-statements command with USE statement: %s", cut(st.sql)))
	case !ok:
		return true, s.fail(wire.Errorf(1148, "42000", "Unable to parse: %s", cut(st.sql)))
	}
	s.shard.Add(stats.ComFrontendUseDB, 1)
	s.useSchema(name)
	s.audit(auditInitDB, "", time.Time{})
	return true, s.reply()
}

// useName takes the name out of a USE statement; comments may stand before and behind.
func useName(sql []byte) (string, bool) {
	text := strings.TrimSpace(stripComments(string(sql)))
	if len(text) < 4 || !strings.EqualFold(text[:3], "use") {
		return "", false
	}
	name := strings.TrimSpace(strings.TrimRight(text[3:], "; \t\r\n"))
	if quoted, ok := strings.CutPrefix(name, "`"); ok {
		if name, ok = strings.CutSuffix(quoted, "`"); !ok {
			return "", false
		}
		return strings.ReplaceAll(name, "``", "`"), name != ""
	}
	return name, name != "" && !strings.ContainsAny(name, " \t\r\n`'\"")
}

func stripComments(text string) string {
	for {
		before, rest, found := strings.Cut(text, "/*")
		if !found {
			return text
		}
		_, after, closed := strings.Cut(rest, "*/")
		if !closed {
			return before
		}
		text = before + " " + after
	}
}

// cut shortens a statement as upstream does in messages.
func cut(sql []byte) []byte { return sql[:min(len(sql), 253)] }

// loadData refuses LOAD DATA LOCAL in whatever spelling, unless mysql-enable_load_data_local_infile is on; then the server asks
// and the client gives the file. A client that announced no files is refused by the server.
func (s *session) loadData(st *statement, set *settings) (done bool, err error) {
	offers := set.loadLocal && s.caps&wire.CapLocalFiles != 0
	st.uploads = offers && st.traits&traitSeveral != 0 // it may come second
	text := bytes.ToLower(st.text)
	if !bytes.HasPrefix(text, []byte("load data ")) && !bytes.HasPrefix(text, []byte("load xml ")) ||
		!bytes.Contains(text, []byte(" local ")) {
		return false, nil
	}
	if set.loadLocal {
		st.uploads = offers
		return false, nil
	}
	return true, s.fail(wire.Errorf(1047, "HY000", "Unsupported 'LOAD DATA LOCAL INFILE' command"))
}

// showWarnings sends SHOW WARNINGS and SHOW ERRORS to the hostgroup that raised them, or answers them.
func (s *session) showWarnings(st *statement) (done bool, err error) {
	count, kind := beginsWith(st.text, "show count(*) "), "warning"
	switch {
	case s.lockedOn >= 0:
		return false, nil
	case beginsWith(st.text, "show errors"), beginsWith(st.text, "show count(*) errors"):
		kind = "error"
	case !beginsWith(st.text, "show warnings") && !beginsWith(st.text, "show count(*) warnings"):
		return false, nil
	}
	switch {
	case s.warned >= 0:
		st.hints.Hostgroup = s.warned
		return false, nil
	case s.last.err != nil && s.attachedTo(s.last.hostgroup):
		st.hints.Hostgroup = s.last.hostgroup
		return false, nil
	}
	return true, s.showConditions(count, kind)
}
