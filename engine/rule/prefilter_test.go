package rule_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/keepsql/keepsql/engine/rule"
)

// Words that patterns and texts are made of, with near misses in case, in
// characters that fold to ASCII letters, and in what '$' and '.' look at.
var words = []string{"select", "SELECT", "Sel", "from", "FROM", " ", "t1", "t2", "sk", "s\u212a", "\u017fk", "\u00e9", "\xe9", "\n", "?", "a", "b", "A", "B", "1"}

func drawText(t *rapid.T, name string) []byte {
	return []byte(strings.Join(rapid.SliceOfN(rapid.SampledFrom(words), 0, 10).Draw(t, name), ""))
}

// drawPattern builds an expression that both engines accept.
func drawPattern(depth int) *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		literal := rapid.SampledFrom([]string{"select", "SELECT", "from", "t1", "t2", "sk", " ", `\?`, "a", "b", "1", "\u00e9", "."})
		if depth == 0 {
			return literal.Draw(t, "literal")
		}
		sub := drawPattern(depth - 1)
		switch rapid.IntRange(0, 12).Draw(t, "kind") {
		case 0:
			return "^" + sub.Draw(t, "s")
		case 1:
			return sub.Draw(t, "s") + "$"
		case 2:
			return sub.Draw(t, "s") + ".*" + sub.Draw(t, "s")
		case 3:
			return "(" + sub.Draw(t, "s") + "|" + sub.Draw(t, "s") + ")"
		case 4:
			return "(?:" + sub.Draw(t, "s") + ")" + rapid.SampledFrom([]string{"?", "*", "+", "{2}", "{0,2}", "{1,3}"}).Draw(t, "quantifier")
		case 5:
			return sub.Draw(t, "s") + `\b` + sub.Draw(t, "s")
		case 6:
			return "[" + rapid.SampledFrom([]string{"ab", "sS", "a-c", "^a", "skt", `\s1`}).Draw(t, "class") + "]" + sub.Draw(t, "s")
		case 7:
			return rapid.SampledFrom([]string{"(?i)", "(?-i)", "(?s)", "(?m)"}).Draw(t, "flags") + sub.Draw(t, "s")
		case 8:
			return rapid.SampledFrom([]string{"(?i:", "(?-i:"}).Draw(t, "flags") + sub.Draw(t, "s") + ")" + sub.Draw(t, "s")
		default:
			return sub.Draw(t, "s") + sub.Draw(t, "s")
		}
	})
}

func drawRow(t *rapid.T, id int) rule.Row {
	r := rule.Row{RuleID: id, Active: true, Apply: rapid.IntRange(0, 5).Draw(t, "apply") == 0}
	maybe := func(name string) bool { return rapid.IntRange(0, 3).Draw(t, name) == 0 }
	if maybe("has username") {
		r.Username = rule.Some(rapid.SampledFrom([]string{"u1", "u2"}).Draw(t, "username"))
	}
	if maybe("has schemaname") {
		r.Schemaname = rule.Some(rapid.SampledFrom([]string{"s1", ""}).Draw(t, "schemaname"))
	}
	if maybe("has digest") {
		r.Digest = rule.Some(rapid.SampledFrom([]string{"0x1", "0x2"}).Draw(t, "digest"))
	}
	r.FlagIN = rapid.SampledFrom([]int{0, 0, 0, 1, 2}).Draw(t, "flagIN")
	if maybe("has flagOUT") {
		r.FlagOUT = rule.Some(rapid.IntRange(0, 2).Draw(t, "flagOUT"))
	}
	if rapid.Bool().Draw(t, "has match_digest") {
		r.MatchDigest = rule.Some(drawPattern(2).Draw(t, "match_digest"))
	}
	if rapid.Bool().Draw(t, "has match_pattern") {
		r.MatchPattern = rule.Some(drawPattern(3).Draw(t, "match_pattern"))
		if maybe("rewrites") {
			r.ReplacePattern = rule.Some(rapid.SampledFrom([]string{"select", `[\0]`, ""}).Draw(t, "replace_pattern"))
		}
	}
	r.NegateMatchPattern = maybe("negate")
	r.ReModifiers = rule.Some(rapid.SampledFrom([]string{"CASELESS", "", "CASELESS,GLOBAL"}).Draw(t, "re_modifiers"))
	r.DestinationHostgroup = rule.Some(id)
	return r
}

// TestShortcutsChangeNothing compares evaluation with and without them.
func TestShortcutsChangeNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var rows []rule.Row
		for i := range rapid.IntRange(1, 80).Draw(t, "rules") {
			rows = append(rows, drawRow(t, i+1))
		}
		o := rule.Options{Engine: rapid.SampledFrom([]rule.Engine{rule.PCRE, rule.RE2}).Draw(t, "engine"), Iterations: rapid.IntRange(0, 2).Draw(t, "iterations")}
		fast, errs := rule.Compile(rows, nil, o)
		o.NoPrefilter = true
		plain, plainErrs := rule.Compile(rows, nil, o)
		if len(errs) != len(plainErrs) {
			t.Fatalf("errors differ: %v, plain %v", errs, plainErrs)
		}
		var got, want rule.Decision
		for range 5 {
			q := rule.Query{
				Text: drawText(t, "text"), DigestText: drawText(t, "digest text"), Digest: rapid.Uint64Range(0, 2).Draw(t, "digest"),
				Username: rapid.SampledFrom([]string{"u1", "u2", "u3"}).Draw(t, "username"), Schemaname: rapid.SampledFrom([]string{"s1", "s2", ""}).Draw(t, "schemaname"),
				NoDigest: rapid.IntRange(0, 4).Draw(t, "no digest") == 0, FlagIN: rapid.IntRange(0, 1).Draw(t, "flagIN"),
			}
			fast.Match(&q, &got)
			plain.Match(&q, &want)
			if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(rule.Decision{})); diff != "" {
				t.Fatalf("text %q, digest text %q (-plain +got):\n%s", q.Text, q.DigestText, diff)
			}
		}
		if diff := cmp.Diff(hits(plain), hits(fast)); diff != "" {
			t.Fatalf("hits (-plain +got):\n%s", diff)
		}
	})
}

func hits(s *rule.Set) map[int]uint64 {
	m := make(map[int]uint64)
	for id, n := range s.Hits() {
		m[id] = n
	}
	return m
}

// TestManyLiteralsAreAllFound checks the automaton where literals overlap.
func TestManyLiteralsAreAllFound(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var rows []rule.Row
	for range 300 {
		var b strings.Builder
		for range 1 + r.IntN(6) {
			b.WriteByte("abc"[r.IntN(3)])
		}
		rows = append(rows, rule.Row{MatchDigest: rule.Some(b.String())})
	}
	s := compile(t, rows, nil, rule.Options{})
	for range 200 {
		text := make([]byte, r.IntN(30))
		for i := range text {
			text[i] = "abcABC"[r.IntN(6)]
		}
		want := 0
		for _, row := range rows {
			if strings.Contains(strings.ToLower(string(text)), row.MatchDigest.V) {
				want++
			}
		}
		if got := decide(s, query(string(text))); got.Rules != want {
			t.Errorf("text %q: %d rules match, want %d", text, got.Rules, want)
		}
	}
}
