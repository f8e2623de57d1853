package rule_test

import (
	"testing"

	"github.com/keepsql/keepsql/engine/rule"
)

// A set that takes expressions over decides as one that is compiled anew, also where the same
// text stands with other modifiers or another engine.
func TestReuse(t *testing.T) {
	row := func(id int, expr, modifiers string, hostgroup int) rule.Row {
		return rule.Row{RuleID: id, Active: true, MatchDigest: rule.Some(expr), ReModifiers: rule.Some(modifiers),
			DestinationHostgroup: rule.Some(hostgroup), Apply: true}
	}
	first, errs := rule.Compile([]rule.Row{row(1, "^select", "", 1), row(2, "^SELECT", "CASELESS", 2)}, nil, rule.Options{})
	if errs != nil {
		t.Fatal(errs)
	}
	rows := []rule.Row{row(1, "^select", "CASELESS", 3), row(2, "^SELECT", "", 4), row(3, "^UPDATE", "CASELESS", 5)}
	for _, engine := range []rule.Engine{rule.PCRE, rule.RE2} {
		fresh, _ := rule.Compile(rows, nil, rule.Options{Engine: engine})
		reused, errs := rule.Compile(rows, nil, rule.Options{Engine: engine, Reuse: first})
		if errs != nil {
			t.Fatal(errs)
		}
		for _, text := range []string{"select 1", "SELECT 1", "update t", "delete from t"} {
			var want, got rule.Decision
			q := rule.Query{DigestText: []byte(text), Text: []byte(text)}
			fresh.Match(&q, &want)
			reused.Match(&q, &got)
			if want.DestinationHostgroup != got.DestinationHostgroup {
				t.Errorf("%s: hostgroup %v, compiled anew %v", text, got.DestinationHostgroup, want.DestinationHostgroup)
			}
		}
	}
}
