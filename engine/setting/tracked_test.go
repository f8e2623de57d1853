package setting_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/keepsql/keepsql/engine/setting"
)

func TestWithValues(t *testing.T) {
	var set setting.Set
	for name, want := range map[string]bool{
		"sql_mode": true, "tx_isolation": true, "autocommit": true, "character_set_results": true, "foreign_key_checks": true,
		"group_concat_max_len": true, "session_track_schema": true, "character_set_database": true, "wait_timeout": false, "nosuch": false,
	} {
		if got := set.Add(name); got != want {
			t.Errorf("Add(%s) = %v", name, got)
		}
	}
	const query = "SELECT @@session.character_set_results,@@session.foreign_key_checks,@@session.group_concat_max_len,@@session.sql_mode," +
		"@@session.tx_isolation,@@session.autocommit"
	if diff := cmp.Diff(query, set.Query(true)); diff != "" {
		t.Error(diff)
	}
	begin := setting.New("utf8mb4", "")
	text := func(s string) *string { return &s }
	next, ok := begin.WithValues(set, []*string{nil, text("0"), text("2048"), text("ANSI,NO_ZERO_DATE"), text("SERIALIZABLE"), text("0")})
	if !ok {
		t.Fatal("values are not understood")
	}
	const want = "SET NAMES utf8mb4, character_set_results=NULL, foreign_key_checks=OFF, group_concat_max_len=2048, sql_mode='ANSI,NO_ZERO_DATE', " +
		"tx_isolation='SERIALIZABLE', autocommit=0"
	if diff := cmp.Diff(want, string(setting.AppendReplay(nil, begin, next, true))); diff != "" {
		t.Error(diff)
	}
	for _, wrong := range [][]*string{
		{nil, text("0")},
		{nil, text("maybe"), text("1"), text(""), text(""), text("1")},
		{nil, text("0"), text("1; DROP"), text(""), text(""), text("1")},
		{nil, text("0"), text("1"), text("it's"), text(""), text("1")},
		{nil, text("0"), text("1"), text(""), text(""), nil},
		{nil, nil, text("1"), text(""), text(""), text("1")},
	} {
		if _, ok := begin.WithValues(set, wrong); ok {
			t.Errorf("%v is understood", wrong)
		}
	}
}

// A SET of optimizer_switch changes the parts it names; on another connection all that were named have to be set.
func TestVariableOfParts(t *testing.T) {
	begin := setting.New("utf8mb4", "")
	one := begin.With(setting.Parse([]byte("SET optimizer_switch='mrr=on'")))
	two := one.With(setting.Parse([]byte("SET optimizer_switch='index_merge=off,mrr=off'")))
	other := begin.With(setting.Parse([]byte("SET optimizer_switch='hash_join_cardinality=on'")))
	for _, c := range []struct {
		from, to *setting.State
		want     string
	}{
		{begin, two, "SET optimizer_switch='mrr=on,index_merge=off,mrr=off'"},
		{other, two, "SET optimizer_switch=DEFAULT, optimizer_switch='mrr=on,index_merge=off,mrr=off'"},
		{two, begin, "SET optimizer_switch=DEFAULT"},
		{two, two.With(setting.Parse([]byte("SET optimizer_switch=DEFAULT"))), "SET optimizer_switch=DEFAULT"},
	} {
		if diff := cmp.Diff(c.want, string(setting.AppendReplay(nil, c.from, c.to, true))); diff != "" {
			t.Error(diff)
		}
	}
}
