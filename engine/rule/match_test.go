package rule_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/keepsql/keepsql/engine/rule"
)

type row = rule.Row

// caseless is the default of re_modifiers.
var caseless = rule.Some("CASELESS")

func compile(t testing.TB, rows []rule.Row, fast []rule.FastRow, o rule.Options) *rule.Set {
	t.Helper()
	for i := range rows {
		rows[i].Active = true
		if rows[i].RuleID == 0 {
			rows[i].RuleID = i + 1
		}
		if !rows[i].ReModifiers.Valid {
			rows[i].ReModifiers = caseless
		}
	}
	s, errs := rule.Compile(rows, fast, o)
	for _, err := range errs {
		t.Error(err)
	}
	return s
}

// outcome is the part of a Decision that a test cares about.
type outcome struct {
	Hostgroup, Rules, LastRule, Flag int
	Text                             string
}

func decide(s *rule.Set, q rule.Query) outcome {
	if q.DigestText == nil {
		q.DigestText = q.Text
	}
	var d rule.Decision
	s.Match(&q, &d)
	return outcome{d.DestinationHostgroup, d.Rules, d.LastRule, d.Flag, string(d.Rewritten)}
}

func query(text string) rule.Query { return rule.Query{Text: []byte(text)} }

func TestConditions(t *testing.T) {
	base := rule.Query{
		Text: []byte("SELECT c FROM t WHERE id=5"), DigestText: []byte("SELECT c FROM t WHERE id=?"), Digest: 0xAB12,
		Username: "app", Schemaname: "shop", ClientAddr: "10.1.2.3", ProxyAddr: "10.0.0.1", ProxyPort: 6033, FlagIN: 0,
	}
	for name, c := range map[string]struct {
		row  row
		want bool
	}{
		"none":                  {row{}, true},
		"username":              {row{Username: rule.Some("app")}, true},
		"other username":        {row{Username: rule.Some("App")}, false},
		"schemaname":            {row{Schemaname: rule.Some("shop")}, true},
		"other schemaname":      {row{Schemaname: rule.Some("")}, false},
		"client_addr":           {row{ClientAddr: rule.Some("10.1.2.3")}, true},
		"client_addr prefix":    {row{ClientAddr: rule.Some("10.1.%")}, true},
		"any client_addr":       {row{ClientAddr: rule.Some("%")}, true},
		"other client_addr":     {row{ClientAddr: rule.Some("10.1.2")}, false},
		"wildcard inside":       {row{ClientAddr: rule.Some("10.%.3")}, false},
		"proxy_addr":            {row{ProxyAddr: rule.Some("10.0.0.1")}, true},
		"other proxy_addr":      {row{ProxyAddr: rule.Some("10.0.0.2")}, false},
		"proxy_port":            {row{ProxyPort: rule.Some(6033)}, true},
		"other proxy_port":      {row{ProxyPort: rule.Some(6034)}, false},
		"digest":                {row{Digest: rule.Some("0x000000000000AB12")}, true},
		"digest, short":         {row{Digest: rule.Some("0xab12")}, true},
		"other digest":          {row{Digest: rule.Some("0xAB13")}, false},
		"flagIN":                {row{FlagIN: 1}, false},
		"match_digest":          {row{MatchDigest: rule.Some(`id=\?$`)}, true},
		"match_digest not text": {row{MatchDigest: rule.Some("id=5")}, false},
		"match_pattern":         {row{MatchPattern: rule.Some("^select .* id=5$")}, true},
		"case":                  {row{MatchPattern: rule.Some("^select"), ReModifiers: rule.Some("")}, false},
		"negated":               {row{MatchPattern: rule.Some("^insert"), NegateMatchPattern: true}, true},
		"negated match":         {row{MatchPattern: rule.Some("^select"), NegateMatchPattern: true}, false},
		"both, negated":         {row{MatchDigest: rule.Some("^select"), MatchPattern: rule.Some("^insert"), NegateMatchPattern: true}, false},
	} {
		s := compile(t, []rule.Row{c.row}, nil, rule.Options{})
		if diff := cmp.Diff(c.want, decide(s, base).Rules == 1); diff != "" {
			t.Errorf("%s: matches (-want +got):\n%s", name, diff)
		}
	}
}

func TestWithoutDigestItsConditionsHold(t *testing.T) {
	s := compile(t, []rule.Row{
		{Digest: rule.Some("0x1"), DestinationHostgroup: rule.Some(1)},
		{MatchDigest: rule.Some("^nothing like it"), DestinationHostgroup: rule.Some(2)},
		{MatchDigest: rule.Some("."), NegateMatchPattern: true, DestinationHostgroup: rule.Some(3)},
	}, nil, rule.Options{})
	q := query("SELECT 1")
	q.NoDigest = true
	if diff := cmp.Diff(outcome{3, 3, 3, 0, ""}, decide(s, q)); diff != "" {
		t.Errorf("outcome (-want +got):\n%s", diff)
	}
}

func TestLaterRulesOverride(t *testing.T) {
	s := compile(t, []rule.Row{
		{RuleID: 20, DestinationHostgroup: rule.Some(2), CacheTTL: rule.Some(100), Apply: true},
		{RuleID: 10, DestinationHostgroup: rule.Some(1), Timeout: rule.Some(7), ErrorMsg: rule.Some("no"), NextQueryFlagIN: rule.Some(0)},
		{RuleID: 30, DestinationHostgroup: rule.Some(3)},
	}, nil, rule.Options{})
	var d, want rule.Decision
	q := query("SELECT 1")
	s.Match(&q, &d)
	s.Match(&q, &d) // outputs of the statement before must not remain
	none := compile(t, nil, nil, rule.Options{})
	none.Match(&q, &want)
	want.DestinationHostgroup, want.CacheTTL, want.Timeout, want.NextQueryFlagIN = 2, 100, 7, 0
	want.ErrorMsg, want.Rules, want.LastRule = rule.Some("no"), 2, 20
	if diff := cmp.Diff(want, d, cmpopts.IgnoreUnexported(rule.Decision{})); diff != "" {
		t.Errorf("decision (-want +got):\n%s", diff)
	}
	hits := map[int]uint64{}
	for id, n := range s.Hits() {
		hits[id] = n
	}
	if diff := cmp.Diff(map[int]uint64{10: 2, 20: 2, 30: 0}, hits); diff != "" {
		t.Errorf("hits (-want +got):\n%s", diff)
	}
}

func TestFlags(t *testing.T) {
	rows := []rule.Row{
		{RuleID: 1, FlagIN: 5, DestinationHostgroup: rule.Some(11)},
		{RuleID: 2, FlagOUT: rule.Some(5), MatchPattern: rule.Some("^select")},
		{RuleID: 3, DestinationHostgroup: rule.Some(13)},
		{RuleID: 4, FlagIN: 5, DestinationHostgroup: rule.Some(14), FlagOUT: rule.Some(6)},
		{RuleID: 5, FlagIN: 6, DestinationHostgroup: rule.Some(15), Apply: true},
	}
	for name, c := range map[string]struct {
		text       string
		flag, iter int
		want       outcome
	}{
		"chain goes forward":     {"SELECT 1", 0, 0, outcome{15, 3, 5, 6, ""}},
		"no chain":               {"INSERT 1", 0, 0, outcome{13, 1, 3, 0, ""}},
		"enter in the middle":    {"INSERT 1", 5, 0, outcome{15, 3, 5, 6, ""}},
		"flag without rules":     {"SELECT 1", 9, 0, outcome{rule.Unset, 0, rule.Unset, 9, ""}},
		"restart after a flag":   {"SELECT 1", 0, 1, outcome{15, 4, 5, 6, ""}},
		"restart more than used": {"SELECT 1", 0, 9, outcome{15, 4, 5, 6, ""}},
	} {
		q := query(c.text)
		q.FlagIN = c.flag
		s := compile(t, rows, nil, rule.Options{Iterations: c.iter})
		if diff := cmp.Diff(c.want, decide(s, q)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestRestartsAreLimited(t *testing.T) {
	s := compile(t, []rule.Row{{FlagOUT: rule.Some(0)}}, nil, rule.Options{Iterations: 3})
	if diff := cmp.Diff(outcome{rule.Unset, 4, 1, 0, ""}, decide(s, query("x"))); diff != "" {
		t.Errorf("outcome (-want +got):\n%s", diff)
	}
}

func TestWeightedFlags(t *testing.T) {
	rows := []rule.Row{{FlagOUT: rule.Some(9), Attributes: `{"flagOUTs":[{"id":1,"weight":2},{"id":2,"weight":0},{"id":3,"weight":1}]}`}}
	var draw uint32
	s := compile(t, rows, nil, rule.Options{Rand: func(n uint32) uint32 {
		if n != 3 {
			t.Errorf("sum of weights: got %d, want 3", n)
		}
		return draw
	}})
	var got []int
	for draw = range uint32(3) {
		got = append(got, decide(s, query("x")).Flag)
	}
	if diff := cmp.Diff([]int{1, 1, 3}, got); diff != "" {
		t.Errorf("flags (-want +got):\n%s", diff)
	}
}

func TestFastRouting(t *testing.T) {
	fast := []rule.FastRow{
		{Username: "app", Schemaname: "shop", FlagIN: 0, DestinationHostgroup: 21},
		{Username: "", Schemaname: "shop", FlagIN: 0, DestinationHostgroup: 22},
		{Username: "app", Schemaname: "shop", FlagIN: 3, DestinationHostgroup: 23},
	}
	to1 := row{MatchPattern: rule.Some("^select"), DestinationHostgroup: rule.Some(1)}
	apply := to1
	apply.Apply = true
	flag := row{MatchPattern: rule.Some("^select"), FlagOUT: rule.Some(3)}
	for name, c := range map[string]struct {
		rows                   []rule.Row
		text, username, schema string
		want                   int
	}{
		"no rules":                         {nil, "SELECT 1", "app", "shop", 21},
		"any user":                         {nil, "SELECT 1", "web", "shop", 22},
		"other schema":                     {nil, "SELECT 1", "app", "other", rule.Unset},
		"wins over rules":                  {[]rule.Row{to1}, "SELECT 1", "app", "shop", 21},
		"rules when there is no row":       {[]rule.Row{to1}, "SELECT 1", "app", "other", 1},
		"flag at the end":                  {[]rule.Row{flag}, "SELECT 1", "app", "shop", 23},
		"not after apply":                  {[]rule.Row{apply, to1}, "SELECT 1", "app", "shop", 1},
		"not if the last one says apply":   {[]rule.Row{to1, apply}, "INSERT 1", "app", "shop", rule.Unset},
		"though an earlier one says apply": {[]rule.Row{apply, to1}, "INSERT 1", "app", "shop", 21},
	} {
		q := query(c.text)
		q.Username, q.Schemaname = c.username, c.schema
		s := compile(t, c.rows, fast, rule.Options{})
		if diff := cmp.Diff(c.want, decide(s, q).Hostgroup); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
