package rule_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/keepsql/keepsql/engine/rule"
)

func TestRewrite(t *testing.T) {
	for name, c := range map[string]struct {
		pattern, replacement, modifiers, text, want string
	}{
		"first match":        {`a`, `b`, "CASELESS", "aAa", "bAa"},
		"all matches":        {`a`, `b`, "CASELESS,GLOBAL", "xaAax", "xbbbx"},
		"blanks in the list": {`a`, `b`, " global , caseless ", "aA", "bb"},
		"groups":             {`^SELECT (\w+) FROM (\w+)`, `SELECT /* \0 */ \2 FROM \1\\`, "CASELESS", "select a from b x", `SELECT /* select a from b */ b FROM a\ x`},
		"group not taken":    {`(a)|(b)`, `[\1\2]`, "GLOBAL", "ab", "[a][b]"},
		"to nothing":         {`.+`, ``, "", "SELECT 1", ""},
		"bytes stay":         {`x`, "\xe9\u00e9", "", "\xff\xc3\xa9x\xe9", "\xff\xc3\xa9\xe9\u00e9\xe9"},
		"hint":               {`^(SELECT)`, `\1 SQL_NO_CACHE`, "CASELESS", "select 1", "select SQL_NO_CACHE 1"},
	} {
		for _, engine := range []rule.Engine{rule.PCRE, rule.RE2} {
			rows := []rule.Row{{MatchPattern: rule.Some(c.pattern), ReplacePattern: rule.Some(c.replacement), ReModifiers: rule.Some(c.modifiers)}}
			s := compile(t, rows, nil, rule.Options{Engine: engine})
			q := query(c.text)
			var d rule.Decision
			s.Match(&q, &d)
			if d.Rewritten == nil {
				t.Errorf("%s, engine %d: not rewritten", name, engine)
			}
			if diff := cmp.Diff(c.want, string(d.Rewritten)); diff != "" {
				t.Errorf("%s, engine %d (-want +got):\n%s", name, engine, diff)
			}
		}
	}
}

// Expressions see what earlier rules made of the statement, digests the original.
func TestRewrittenTextIsMatched(t *testing.T) {
	rows := []rule.Row{
		{MatchPattern: rule.Some("one"), ReplacePattern: rule.Some("two")},
		{MatchPattern: rule.Some("one"), DestinationHostgroup: rule.Some(1)},
		{MatchPattern: rule.Some("two"), ReplacePattern: rule.Some("three")},
		{MatchPattern: rule.Some("three"), ReplacePattern: rule.Some("four")},
		{MatchPattern: rule.Some("four"), ReplacePattern: rule.Some("five")},
		{MatchDigest: rule.Some("one"), MatchPattern: rule.Some("^five$"), DestinationHostgroup: rule.Some(2)},
	}
	for _, plain := range []bool{false, true} {
		s := compile(t, rows, nil, rule.Options{NoPrefilter: plain})
		if diff := cmp.Diff(outcome{2, 5, 6, 0, "five"}, decide(s, query("one"))); diff != "" {
			t.Errorf("plain %v (-want +got):\n%s", plain, diff)
		}
	}
}

func TestNoMatchNoRewriting(t *testing.T) {
	rows := []rule.Row{
		{MatchPattern: rule.Some("a"), ReplacePattern: rule.Some("b")},
		{MatchPattern: rule.Some("a"), ReplacePattern: rule.Some("b"), NegateMatchPattern: true},
	}
	s := compile(t, rows, nil, rule.Options{})
	q := query("xyz")
	var d rule.Decision
	s.Match(&q, &d)
	if d.Rewritten != nil || d.Rules != 1 {
		t.Errorf("got text %q after %d rules, want none after 1", d.Rewritten, d.Rules)
	}
}
