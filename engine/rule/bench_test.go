package rule_test

import (
	"fmt"
	"testing"

	"github.com/keepsql/keepsql/engine/rule"
)

// seedRules split reads from writes, as most installations do.
func seedRules() []rule.Row {
	return []rule.Row{
		{RuleID: 1, MatchDigest: rule.Some("^SELECT .* FOR UPDATE$"), DestinationHostgroup: rule.Some(10), Apply: true},
		{RuleID: 2, MatchDigest: rule.Some("^SELECT"), DestinationHostgroup: rule.Some(20), Apply: true},
	}
}

// manyRules is n rules of the usual kinds, of which a statement on the last table
// matches only the last.
func manyRules(n int) []rule.Row {
	var rows []rule.Row
	for i := range n {
		r := rule.Row{RuleID: i + 1, DestinationHostgroup: rule.Some(i), Apply: true}
		switch i % 3 {
		case 0:
			r.MatchPattern = rule.Some(fmt.Sprintf(`^INSERT INTO table_%d\b.*`, i))
		case 1:
			r.MatchPattern = rule.Some(fmt.Sprintf(`(FROM|JOIN)\s+table_%d\b`, i))
		default:
			r.MatchDigest = rule.Some(fmt.Sprintf(`^SELECT .* FROM table_%d WHERE`, i))
		}
		rows = append(rows, r)
	}
	return rows
}

// alikeRules is n rules for one table, of which a statement on the last column matches only the last: all their literals but
// one are in every statement.
func alikeRules(n int) []rule.Row {
	var rows []rule.Row
	for i := range n {
		r := rule.Row{RuleID: i + 1, DestinationHostgroup: rule.Some(i), Apply: true}
		r.MatchDigest = rule.Some(fmt.Sprintf(`^SELECT .* FROM orders WHERE .*column_%d\s*=\s*\?`, i))
		rows = append(rows, r)
	}
	return rows
}

type benchmark struct {
	name string
	rows []rule.Row
	text string
	hit  int // rule that matches last
}

var benchmarks = []benchmark{
	{"seed/select", seedRules(), "SELECT DISTINCT c FROM sbtest2 WHERE id BETWEEN ? AND ? ORDER BY c", 2},
	{"seed/for update", seedRules(), "SELECT c FROM sbtest2 WHERE id=? FOR UPDATE", 1},
	{"seed/update", seedRules(), "UPDATE sbtest1 SET k=k+? WHERE id=?", rule.Unset},
	{"300/last", manyRules(300), "SELECT DISTINCT c FROM table_299 WHERE id BETWEEN ? AND ? ORDER BY c", 300},
	{"300/alike", alikeRules(300), "SELECT a, b, c FROM orders WHERE id=? AND column_299=? ORDER BY c", 300},
	{"300/none", manyRules(300), "SELECT DISTINCT c FROM other WHERE id BETWEEN ? AND ? ORDER BY c", rule.Unset},
	{"rewrite", []rule.Row{{MatchPattern: rule.Some(`sbtest(\d+)`), ReplacePattern: rule.Some(`shard_\1`)}}, "SELECT c FROM sbtest2 WHERE id=?", 1},
}

func (b benchmark) query() *rule.Query {
	return &rule.Query{Text: []byte(b.text), DigestText: []byte(b.text), Username: "app", Schemaname: "shop", ClientAddr: "10.0.0.1"}
}

func TestNoAllocations(t *testing.T) {
	fast := []rule.FastRow{{Username: "app", Schemaname: "shop", DestinationHostgroup: 1}}
	for _, b := range benchmarks {
		s := compile(t, b.rows, fast, rule.Options{})
		q := b.query()
		var d rule.Decision
		s.Match(q, &d)
		if d.LastRule != b.hit {
			t.Errorf("%s: last rule: got %d, want %d", b.name, d.LastRule, b.hit)
		}
		if allocs := testing.AllocsPerRun(100, func() { s.Match(q, &d) }); allocs != 0 && !raceEnabled {
			t.Errorf("%s: allocations: got %v, want 0", b.name, allocs)
		}
	}
	var a rule.Annotations
	comment := []byte(" ;hostgroup=1;cache_ttl=1000 ")
	if allocs := testing.AllocsPerRun(100, func() { rule.ParseAnnotations(comment, &a) }); allocs != 0 {
		t.Errorf("annotations: allocations: got %v, want 0", allocs)
	}
}

func BenchmarkMatch(b *testing.B) {
	for _, c := range benchmarks {
		for name, plain := range map[string]bool{"": false, "/plain": true} {
			s := compile(b, c.rows, nil, rule.Options{NoPrefilter: plain})
			b.Run(c.name+name, func(b *testing.B) {
				q := c.query()
				var d rule.Decision
				b.ReportAllocs()
				for b.Loop() {
					s.Match(q, &d)
				}
			})
		}
	}
}

func BenchmarkCompile300(b *testing.B) {
	rows := manyRules(300)
	for b.Loop() {
		compile(b, rows, nil, rule.Options{})
	}
}

func BenchmarkParseAnnotations(b *testing.B) {
	var a rule.Annotations
	comment := []byte(" ;hostgroup=1;cache_ttl=1000 ")
	b.ReportAllocs()
	for b.Loop() {
		rule.ParseAnnotations(comment, &a)
	}
}
