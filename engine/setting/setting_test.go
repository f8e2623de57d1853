package setting_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/keepsql/keepsql/engine/setting"
)

// replayed is what brings a new connection to the state after some SET statements.
func replayed(t *testing.T, mariadb bool, stmts ...string) string {
	t.Helper()
	first := setting.New("utf8mb4", "utf8mb4_general_ci")
	s := first
	for _, q := range stmts {
		st := setting.Parse([]byte(q))
		if st.Verdict != setting.Track {
			t.Errorf("%s: verdict %d", q, st.Verdict)
		}
		s = s.With(st)
	}
	return string(setting.AppendReplay(nil, first, s, mariadb))
}

func TestTracked(t *testing.T) {
	for _, c := range []struct {
		set  []string
		want string
	}{
		{[]string{"SET NAMES latin1"}, "SET NAMES latin1"},
		{[]string{"set names 'utf8' collate 'utf8_bin'"}, "SET NAMES utf8 COLLATE utf8_bin"},
		{[]string{"SET NAMES DEFAULT"}, "SET NAMES DEFAULT"},
		{[]string{"SET CHARACTER SET latin1"}, "SET CHARACTER SET latin1"},
		{[]string{"SET CHARSET 'latin1'"}, "SET CHARACTER SET latin1"},
		{[]string{"/*!40101 SET NAMES utf8 */"}, "SET NAMES utf8"},
		{[]string{"/*!40103 SET TIME_ZONE='+00:00' */;"}, "SET time_zone='+00:00'"},
		{[]string{"SET character_set_results = NULL"}, "SET NAMES utf8mb4 COLLATE utf8mb4_general_ci, character_set_results=NULL"},
		{[]string{"SET character_set_results = NULL", "SET NAMES latin1"}, "SET NAMES latin1"},
		{[]string{"SET sql_mode='ANSI'"}, "SET sql_mode='ANSI'"},
		{[]string{`SET SESSION sql_mode="TRADITIONAL"`}, "SET sql_mode='TRADITIONAL'"},
		{[]string{"SET sql_mode=TRADITIONAL"}, "SET sql_mode='TRADITIONAL'"},
		{[]string{"SET @@sql_mode = ''"}, "SET sql_mode=''"},
		{[]string{"SET @@session.`sql_mode` := ''"}, "SET sql_mode=''"},
		{[]string{"SET sql_mode=CONCAT(@@sql_mode,',ANSI')"}, "SET sql_mode=CONCAT(@@global.sql_mode,',ANSI')"},
		{[]string{"SET sql_mode='A'", "SET sql_mode=CONCAT(REPLACE(@@session.sql_mode, 'A', 'B'), ',C')"},
			"SET sql_mode=CONCAT(REPLACE('A','A','B'),',C')"},
		{[]string{"SET autocommit=0"}, "SET autocommit=0"},
		{[]string{"SET @@autocommit = OFF"}, "SET autocommit=0"},
		{[]string{"SET autocommit=0", "SET autocommit=DEFAULT"}, ""},
		{[]string{"SET foreign_key_checks=0, unique_checks=off"}, "SET foreign_key_checks=OFF, unique_checks=OFF"},
		{[]string{"SET group_concat_max_len=1000", "SET group_concat_max_len=DEFAULT"}, ""},
		{[]string{"SET wait_timeout=100, long_query_time = 1.5"}, "SET long_query_time=1.5"},
		{[]string{"SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED, READ ONLY"}, "SET tx_isolation='READ-COMMITTED', tx_read_only=ON"},
		{[]string{"SET SESSION tx_isolation = 'SERIALIZABLE'"}, "SET tx_isolation='SERIALIZABLE'"},
		{[]string{"SET @@session.transaction_isolation = 'READ-UNCOMMITTED'"}, "SET tx_isolation='READ-UNCOMMITTED'"},
		{[]string{"SET timestamp = 1700000000.5", "SET timestamp=-1"}, "SET timestamp=-1"},
		// what Connector/J, Rails and mysqldump say when they connect
		{[]string{"SET character_set_results = NULL, autocommit=1, sql_mode='STRICT_TRANS_TABLES'"},
			"SET NAMES utf8mb4 COLLATE utf8mb4_general_ci, character_set_results=NULL, sql_mode='STRICT_TRANS_TABLES'"},
		{[]string{"SET NAMES utf8mb4,  @@SESSION.sql_mode = CONCAT(CONCAT(@@sql_mode, ',STRICT_ALL_TABLES'), ',NO_AUTO_VALUE_ON_ZERO'),  @@SESSION.sql_auto_is_null = 0, @@SESSION.wait_timeout = 2147483"},
			"SET NAMES utf8mb4, sql_auto_is_null=OFF, sql_mode=CONCAT(CONCAT(@@global.sql_mode,',STRICT_ALL_TABLES'),',NO_AUTO_VALUE_ON_ZERO')"},
	} {
		if d := cmp.Diff(c.want, replayed(t, true, c.set...)); d != "" {
			t.Errorf("%v: %s", c.set, d)
		}
	}
	if got := replayed(t, true, "SET session_track_gtids=OWN_GTID, time_zone='x'"); got != "SET time_zone='x'" {
		t.Errorf("MariaDB has no session_track_gtids: %s", got)
	}
	if got := replayed(t, false, "SET session_track_gtids='all_gtids'"); got != "SET session_track_gtids='OWN_GTID'" {
		t.Errorf("GTIDs of others: %s", got)
	}
	if got := replayed(t, false, "SET SESSION TRANSACTION READ WRITE"); got != "SET transaction_read_only=OFF" {
		t.Errorf("for MySQL: %s", got)
	}
}

func TestVerdicts(t *testing.T) {
	for q, want := range map[string]setting.Verdict{
		"SET TRANSACTION ISOLATION LEVEL SERIALIZABLE":    setting.Once,
		"SET TRANSACTION READ ONLY;":                      setting.Once,
		"SET GLOBAL max_connections=100":                  setting.Forward,
		"SET @@global.long_query_time=10":                 setting.Forward,
		"SET @@global.a=1, sql_mode=''":                   setting.Opaque,
		"SET PERSIST max_connections=100":                 setting.Forward,
		"SET PASSWORD FOR a@b = PASSWORD('x')":            setting.Forward,
		"SET STATEMENT max_statement_time=1 FOR SELECT 1": setting.Forward,
		"SET GLOBAL a=1, SESSION sql_mode=''":             setting.Opaque,
		"SET @a = 1":                                      setting.Opaque,
		"SET sql_mode=@a":                                 setting.Opaque,
		"SET time_zone=(SELECT 1)":                        setting.Opaque,
		"SET group_concat_max_len=1+1":                    setting.Opaque,
		"SET group_concat_max_len=abc":                    setting.Opaque,
		"SET nosuch=1":                                    setting.Opaque,
		"SET time_zone='a\\'b'":                           setting.Opaque,
		"SET time_zone='a''b'":                            setting.Opaque,
		"SET time_zone='a":                                setting.Opaque,
		"SET time_zone='a'; SELECT 1":                     setting.Opaque,
		"SET @@transaction_isolation='SERIALIZABLE'":      setting.Opaque,
		"SET sql_mode=CONCAT(@@sql_mode":                  setting.Opaque,
		"SET sql_mode=VERSION()":                          setting.Opaque,
		"SET ROLE x":                                      setting.Opaque,
		"SET":                                             setting.Opaque,
		"SET NAMES":                                       setting.Opaque,
		"SET NAMES 'a b'":                                 setting.Opaque,
		"SET /* c */ time_zone = 'x' -- end":              setting.Track,
		"SET time_zone = SYSTEM # end":                    setting.Track,
		"SET /*!50000 time_zone = 'x' */":                 setting.Opaque,
		"":                                                setting.Opaque,
		"SELECT 1":                                        setting.Opaque,
	} {
		if got := setting.Parse([]byte(q)).Verdict; got != want {
			t.Errorf("%s: verdict %d, want %d", q, got, want)
		}
	}
}

// A replay between any two states arrives, and undoes what only the first one had.
func TestReplayBetweenStates(t *testing.T) {
	first := setting.New("utf8mb4", "utf8mb4_general_ci")
	with := func(q string) *setting.State { return first.With(setting.Parse([]byte(q))) }
	a, b := with("SET time_zone='x', sql_log_bin=0, big_tables=1, autocommit=0"), with("SET time_zone='y', unique_checks=0")
	if got := string(setting.AppendReplay(nil, a, b, true)); got != "SET big_tables=DEFAULT, sql_log_bin=1, time_zone='y', unique_checks=OFF, autocommit=1" {
		t.Error(got)
	}
	if got := setting.AppendReplay([]byte("kept"), a, a, true); string(got) != "kept" {
		t.Errorf("replay to the same state: %s", got)
	}
	if a.Hash() == b.Hash() || a.Hash() != with("SET big_tables=on, autocommit=off, sql_log_bin='off', time_zone='x'").Hash() {
		t.Error("hashes do not follow the content")
	}
	if a.Autocommit() || !a.WithAutocommit(true).Autocommit() || a.Value("TIME_ZONE") != "'x'" {
		t.Error("state does not tell its values")
	}
}

// Character set and collation of a connection are one value on the server: the later SET counts.
func TestConnectionCharsetIsOneValue(t *testing.T) {
	first := setting.New("utf8mb4", "utf8mb4_general_ci")
	for _, c := range []struct{ sets, want string }{
		{"SET collation_connection=utf8mb4_unicode_ci, character_set_connection=ascii", "character_set_connection=ascii"},
		{"SET character_set_connection=ascii, collation_connection=utf8mb4_unicode_ci", "collation_connection=utf8mb4_unicode_ci"},
	} {
		got := string(setting.AppendReplay(nil, first, first.With(setting.Parse([]byte(c.sets))), true))
		if want := "SET NAMES utf8mb4 COLLATE utf8mb4_general_ci, " + c.want; strings.ReplaceAll(got, "'", "") != want {
			t.Errorf("%s: got %s, want %s", c.sets, got, want)
		}
	}
}

func TestNoAllocations(t *testing.T) {
	first := setting.New("utf8mb4", "utf8mb4_general_ci")
	next := first.With(setting.Parse([]byte("SET time_zone='x', sql_mode='', autocommit=0")))
	buf := make([]byte, 0, 1000)
	if n := testing.AllocsPerRun(100, func() { buf = setting.AppendReplay(buf[:0], first, next, true) }); n != 0 {
		t.Errorf("AppendReplay allocates %v times", n)
	}
}

func FuzzParse(f *testing.F) {
	for _, q := range []string{"SET NAMES utf8", "SET a=1, @@b:='x'", "/*!40101 SET time_zone='+00:00' */", "SET sql_mode=CONCAT(@@sql_mode,'x')",
		"SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED"} {
		f.Add([]byte(q))
	}
	f.Fuzz(func(t *testing.T, q []byte) {
		st := setting.Parse(q)
		first := setting.New("utf8", "")
		s := first.With(st)
		sql := setting.AppendReplay(nil, first, s, true)
		if st.Verdict == setting.Track && strings.ContainsAny(string(sql), ";\x00") && !strings.ContainsAny(string(q), "'\"") {
			t.Errorf("%q is replayed as %q", q, sql)
		}
		// what is replayed is understood again, and leads to the same state
		if len(sql) == 0 || st.Verdict != setting.Track || strings.Contains(string(sql), "@@global") {
			return
		}
		again := setting.Parse(sql)
		if again.Verdict != setting.Track || first.With(again).Hash() != s.Hash() {
			t.Errorf("%q is replayed as %q, which leads elsewhere", q, sql)
		}
	})
}
