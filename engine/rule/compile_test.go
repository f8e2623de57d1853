package rule_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keepsql/keepsql/engine/rule"
)

func TestRulesThatDoNotCompileAreLeftOut(t *testing.T) {
	bad := map[string]rule.Row{
		"match_pattern":   {MatchPattern: rule.Some("(")},
		"match_digest":    {MatchDigest: rule.Some("[a")},
		"re_modifiers":    {ReModifiers: rule.Some("CASELES")},
		"digest":          {Digest: rule.Some("0xNO")},
		"attributes":      {Attributes: `{"flagOUTs":[{"id":1}]}`},
		"replace_pattern": {MatchPattern: rule.Some("(a)"), ReplacePattern: rule.Some(`\2`)},
	}
	for column, r := range bad {
		good := rule.Row{RuleID: 8, Active: true, DestinationHostgroup: rule.Some(1)}
		r.RuleID, r.Active = 7, true
		s, errs := rule.Compile([]rule.Row{r, good}, nil, rule.Options{})
		if len(errs) != 1 || s.Len() != 1 {
			t.Errorf("%s: got %d errors and %d rules, want 1 and 1", column, len(errs), s.Len())
			continue
		}
		var e *rule.Error
		if !errors.As(errs[0], &e) || e.RuleID != 7 || e.Column != column {
			t.Errorf("%s: error %v does not name rule 7 and the column", column, errs[0])
		}
		if want := "compile " + column + " of rule 7: "; !strings.HasPrefix(errs[0].Error(), want) {
			t.Errorf("%s: error %q does not begin with %q", column, errs[0], want)
		}
		if diff := cmp.Diff(outcome{1, 1, 8, 0, ""}, decide(s, query("x"))); diff != "" {
			t.Errorf("%s: the other rule (-want +got):\n%s", column, diff)
		}
	}
}

func TestInactiveRulesAreIgnored(t *testing.T) {
	s, errs := rule.Compile([]rule.Row{{RuleID: 1, MatchPattern: rule.Some("(")}}, nil, rule.Options{})
	if len(errs) != 0 || s.Len() != 0 {
		t.Errorf("got errors %v and %d rules, want none", errs, s.Len())
	}
}

// What one engine cannot run, the other one may.
func TestEngines(t *testing.T) {
	for _, c := range []struct {
		pattern   string
		pcre, re2 bool
	}{
		{`^(?!INSERT)`, true, false},
		{`(a)\1`, true, false},
		{`a++b`, true, false},
		{`(?P<n>a)b`, true, true},
		{`(?P=n)`, false, false},
		{`\K`, false, false},
	} {
		for engine, want := range map[rule.Engine]bool{rule.PCRE: c.pcre, rule.RE2: c.re2} {
			_, errs := rule.Compile([]rule.Row{{Active: true, MatchPattern: rule.Some(c.pattern)}}, nil, rule.Options{Engine: engine})
			if diff := cmp.Diff(want, len(errs) == 0); diff != "" {
				t.Errorf("engine %d compiles %s (-want +got):\n%s", engine, c.pattern, diff)
			}
		}
	}
}

func TestRunawayExpressionsAreStopped(t *testing.T) {
	s := compile(t, []rule.Row{{MatchPattern: rule.Some(`(a+)+$`)}}, nil, rule.Options{MatchTimeout: 10 * time.Millisecond})
	start := time.Now()
	got := decide(s, query(strings.Repeat("a", 40)+"!"))
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("match took %v", took)
	}
	if got.Rules != 0 || s.Stopped() != 1 {
		t.Errorf("got %d rules, stopped %d times, want 0 and 1", got.Rules, s.Stopped())
	}
}
