package rule

import (
	"regexp/syntax"
	"slices"
	"strings"
)

const (
	maxSet     = 16 // strings in a set of literals
	maxLiteral = 64 // bytes of a string in a set
)

// literals is what analysis knows of the strings that a piece of an expression
// can match. Strings are folded to lower case unless every letter is compared
// exactly.
type literals struct {
	exact []string   // all of them; nil if they are too many or unknown
	need  []string   // every match contains one of these; nil if unknown
	also  [][]string // and one of each of these
	pure  bool       // exact is all there is to it: no condition on what stands around
}

// analyser walks a parsed expression.
type analyser struct {
	caseless bool // the flag of the whole expression
	fold     bool // strings are folded
}

// anyFold reports whether some letter in re is compared caselessly.
func anyFold(re *syntax.Regexp) bool {
	return re.Op == syntax.OpLiteral && re.Flags&syntax.FoldCase != 0 || slices.ContainsFunc(re.Sub, anyFold)
}

func (a *analyser) walk(re *syntax.Regexp) literals {
	switch re.Op {
	case syntax.OpLiteral:
		return a.literal(re)
	case syntax.OpCharClass:
		return a.class(re)
	case syntax.OpEmptyMatch:
		return literals{exact: []string{""}, pure: true}
	case syntax.OpBeginLine, syntax.OpEndLine, syntax.OpBeginText, syntax.OpEndText,
		syntax.OpWordBoundary, syntax.OpNoWordBoundary:
		return literals{exact: []string{""}}
	case syntax.OpCapture:
		return a.walk(re.Sub[0])
	case syntax.OpAlternate:
		return a.alternate(re.Sub)
	case syntax.OpConcat:
		return a.concat(re.Sub)
	case syntax.OpPlus:
		l := a.walk(re.Sub[0])
		return literals{need: l.necessary(), also: l.also}
	case syntax.OpRepeat:
		if re.Min > 0 {
			l := a.walk(re.Sub[0])
			return literals{need: l.necessary(), also: l.also}
		}
	}
	return literals{}
}

func (a *analyser) literal(re *syntax.Regexp) literals {
	caseless := re.Flags&syntax.FoldCase != 0
	var b strings.Builder
	pure := true
	for _, r := range re.Rune {
		if r >= 0x80 {
			return literals{}
		}
		c := byte(r)
		if lower(c) != c || 'a' <= c && c <= 'z' {
			pure = pure && caseless == a.caseless
			if a.fold {
				c = lower(c)
			}
		}
		b.WriteByte(c)
	}
	if b.Len() > maxLiteral {
		return literals{need: []string{b.String()[b.Len()-maxLiteral:]}}
	}
	return literals{exact: []string{b.String()}, pure: pure}
}

// class takes small classes apart; [sS] and the like come out as one string.
func (a *analyser) class(re *syntax.Regexp) literals {
	var set []string
	for i := 0; i+1 < len(re.Rune); i += 2 {
		if re.Rune[i+1] >= 0x80 || int(re.Rune[i+1]-re.Rune[i]) >= maxSet {
			return literals{}
		}
		for r := re.Rune[i]; r <= re.Rune[i+1]; r++ {
			c := byte(r)
			if a.fold {
				c = lower(c)
			}
			set = append(set, string([]byte{c}))
		}
	}
	return literals{exact: small(set)}
}

func (a *analyser) alternate(subs []*syntax.Regexp) literals {
	out := literals{exact: []string{}, need: []string{}, pure: true}
	for _, sub := range subs {
		l := a.walk(sub)
		if l.exact == nil {
			out.exact = nil
		}
		if out.exact != nil {
			out.exact = append(out.exact, l.exact...)
		}
		need := l.necessary()
		if need == nil {
			out.need = nil
		}
		if out.need != nil {
			out.need = append(out.need, need...)
		}
		out.pure = out.pure && l.pure
	}
	out.exact, out.need = small(out.exact), small(out.need)
	return out
}

func (a *analyser) concat(subs []*syntax.Regexp) literals {
	run, whole := []string{""}, true
	out := literals{pure: true}
	for _, sub := range subs {
		l := a.walk(sub)
		out.pure = out.pure && l.pure
		if joined := cross(run, l.exact); joined != nil {
			run = joined
			continue
		}
		whole = false
		out.need = better(better(out.need, run), l.necessary())
		out.add(run)
		out.add(l.need)
		for _, set := range l.also {
			out.add(set)
		}
		if run = l.exact; run == nil {
			run = []string{""}
		}
	}
	if whole {
		out.exact = run
		return out
	}
	out.need = better(out.need, run)
	out.add(run)
	return out
}

// maxAlso is how many sets of necessary strings are kept for an expression.
const maxAlso = 8

// add notes a set of which every match contains one.
func (l *literals) add(set []string) {
	if shortest(set) > 0 && len(l.also) < maxAlso {
		l.also = append(l.also, set)
	}
}

// necessary returns the strings of which every match contains one.
func (l literals) necessary() []string {
	return better(l.exact, l.need)
}

// better chooses the set that is more selective: the one whose shortest string is
// longer. Sets with an empty string say nothing.
func better(a, b []string) []string {
	la, lb := shortest(a), shortest(b)
	switch {
	case la == 0 && lb == 0:
		return nil
	case la > lb, la == lb && len(a) <= len(b):
		return a
	}
	return b
}

func shortest(set []string) int {
	if len(set) == 0 {
		return 0
	}
	n := len(set[0])
	for _, s := range set[1:] {
		n = min(n, len(s))
	}
	return n
}

// cross joins every string of a with every one of b; nil if that is too much.
func cross(a, b []string) []string {
	if a == nil || b == nil || len(a)*len(b) > maxSet {
		return nil
	}
	var out []string
	for _, x := range a {
		for _, y := range b {
			if len(x)+len(y) > maxLiteral {
				return nil
			}
			out = append(out, x+y)
		}
	}
	return small(out)
}

// small removes doubles, and gives up on sets that are too large.
func small(set []string) []string {
	if set == nil {
		return nil
	}
	slices.Sort(set)
	set = slices.Compact(set)
	if len(set) == 0 || len(set) > maxSet {
		return nil
	}
	return set
}
