package rule_test

import (
	"testing"

	"github.com/keepsql/keepsql/engine/rule"
)

// TestPCRE holds facts about PCRE without its UTF mode that are easily lost in
// another engine.
func TestPCRE(t *testing.T) {
	for _, c := range []struct {
		pattern, text string
		want          bool
	}{
		{`^select`, "SELECT 1", true},
		{`^select$`, "select\n", true},
		{`^select$`, "select\n\n", false},
		{`a.b`, "a\nb", false},
		{`a.b`, "a\r b", false},
		{`^a..b$`, "a\u00e9b", true}, // bytes, not characters
		{`^a.b$`, "a\xe9b", true},
		{`k`, "\u212a", false}, // the Kelvin sign is not a k
		{`^\w$`, "\xe9", false},
		{`\bfrom\b`, "\xe9from\xe9", true},
		{`\xe9`, "\xe9", true},
		{`\xE9`, "\u00e9", false},
		{`[\x80-\xff]`, "a\xc3", true},
		{`[^\x00-\x7f]`, "abc", false},
		{"\u00e9", "caf\u00e9", true},
		{`^[[:alpha:]_]+$`, "abC_", true},
		{`^[[:digit:][:space:]]+$`, "1 2\t", true},
		{`[[:punct:]]`, "abc1 ", false},
		{`^[]a]+$`, "]a]", true},
		{`^[^]a]+$`, "b]", false},
		{`^[A-[b]+$`, "A[b", true},
		{`a\hb`, "a\tb", true},
		{`a[\h]b`, "a b", true},
		{`a\Hb`, "a b", false},
		{`a\Nb`, "a\nb", false},
		{`a\vb`, "a\nb", true},
		{`\Qa.b[\Ec`, "a.b[c", true},
		{`\Qa.b\Ec`, "axbc", false},
		{`(?P<q>['"]).*(?P=q)`, `x 'y"'`, true},
		{`(?P<q>['"])[^x]*(?P=q)`, `'x"`, false},
		{`(a)(b)\g{2}`, "abb", true},
		{`(a)\g1`, "ab", false},
		{`(?<q>a)\k{q}`, "aa", true},
		{`(?<q>a)\k<q>`, "aa", true},
		{`^(?!.*from dual).*$`, "select 1 from dual", false},
		{`(?i)from`, "FROM", true},
		{`(?-i)from`, "FROM", false},
		{`^(?>a+)b`, "aaab", true},
		{`^a++a`, "aaa", false},
		{`(?x) a  b # comment`, "ab", true},
		{`a{,2}b`, "a{,2}b", true},
		{`\x{41}`, "A", true},
		{`\101`, "A", true},
	} {
		for _, plain := range []bool{false, true} {
			s := compile(t, []rule.Row{{MatchPattern: rule.Some(c.pattern)}}, nil, rule.Options{NoPrefilter: plain})
			if got := decide(s, query(c.text)).Rules == 1; got != c.want {
				t.Errorf("%s matches %q: got %v, want %v (plain %v)", c.pattern, c.text, got, c.want, plain)
			}
		}
	}
}

// Options inside an expression win over re_modifiers.
func TestMixedCase(t *testing.T) {
	for _, c := range []struct {
		modifiers, pattern, text string
		want                     bool
	}{
		{"", `^b(?i:a)?`, "B", false},
		{"", `^b(?i:a)?`, "b", true},
		{"", `(?i:a)b`, "Ab", true},
		{"", `(?i:a)b`, "AB", false},
		{"", `(?i)^b`, "B", true},
		{"", `b`, "B", false},
		{"", `B`, "B", true},
		{"CASELESS", `(?-i:a)b`, "aB", true},
		{"CASELESS", `(?-i:a)b`, "Ab", false},
		{"CASELESS", `^(?-i)a`, "A", false},
		{"CASELESS", `^(?-i)a`, "a", true},
	} {
		for _, engine := range []rule.Engine{rule.PCRE, rule.RE2} {
			rows := []rule.Row{{MatchPattern: rule.Some(c.pattern), ReModifiers: rule.Some(c.modifiers)}}
			s := compile(t, rows, nil, rule.Options{Engine: engine})
			if got := decide(s, query(c.text)).Rules == 1; got != c.want {
				t.Errorf("engine %d, modifiers %q: %s matches %q: got %v, want %v", engine, c.modifiers, c.pattern, c.text, got, c.want)
			}
		}
	}
}
