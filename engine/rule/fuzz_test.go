package rule_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/keepsql/keepsql/engine/rule"
)

// FuzzCompile: no rule panics, neither when it is compiled nor when it is
// evaluated, and shortcuts do not change what it does.
func FuzzCompile(f *testing.F) {
	f.Add(`^SELECT .* FOR UPDATE$`, ``, ``, "SELECT 1 FOR UPDATE", true)
	f.Add(`(?P<q>[[:alpha:]]+)\s(?P=q)|\Qa.b\E\h[^]\x80]\g{1}`, `\0-\1\\`, `{"flagOUTs":[{"id":1,"weight":3}]}`, "ab ab a.b \xe9", true)
	f.Add(`^SELECT .+FROM t1.*=.*\?$`, ``, ``, "SELECT a FROM t1 WHERE b=?", true)
	f.Add(`a.*ba.+a.*`, ``, ``, "aabab\u00e9a", false)
	f.Add(`(FROM|JOIN)\s+orders\b`, `[\1]`, `{}`, "select 1 from orders", false)
	f.Fuzz(func(t *testing.T, pattern, replacement, attributes, text string, caseless bool) {
		r := rule.Row{Active: true, MatchPattern: rule.Some(pattern), ReplacePattern: rule.Some(replacement), Attributes: attributes}
		r.ReModifiers = rule.Some("GLOBAL")
		if caseless {
			r.ReModifiers = rule.Some("GLOBAL,CASELESS")
		}
		q := query(text)
		for _, engine := range []rule.Engine{rule.PCRE, rule.RE2} {
			o := rule.Options{Engine: engine, MatchTimeout: 10 * time.Millisecond, Rand: func(uint32) uint32 { return 0 }}
			fast, _ := rule.Compile([]rule.Row{r}, nil, o)
			o.NoPrefilter = true
			plain, _ := rule.Compile([]rule.Row{r}, nil, o)
			var got, want rule.Decision
			fast.Match(&q, &got)
			plain.Match(&q, &want)
			if fast.Stopped()+plain.Stopped() > 0 {
				continue // how far an expression comes depends on the machine
			}
			if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(rule.Decision{})); diff != "" {
				t.Errorf("engine %d, pattern %q, text %q (-plain +got):\n%s", engine, pattern, text, diff)
			}
		}
	})
}
