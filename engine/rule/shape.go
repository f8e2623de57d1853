package rule

import (
	"regexp/syntax"
	"slices"
	"strings"
)

// shape is what can be told of an expression without running it. Its strings are
// lower case and compared caselessly if fold is set.
type shape struct {
	fold bool

	// decided says that the strings decide alone: the text begins with one of
	// prefix, contains one of need, or, with both anchors, is one of prefix.
	decided decision
	order   *sequence // of bySequence

	prefix []string   // every matching text begins with one of these
	suffix []string   // every matching text ends with one of these, or with \n after it
	need   []string   // every matching text contains one of these
	also   [][]string // and one of each of these
}

type decision uint8

const (
	undecided decision = iota
	byPrefix
	byContent
	byEquality
	bySequence // of a text of one line
)

// shapeOf analyses pattern. The zero shape, which excludes nothing, is the answer
// for what only PCRE can parse and for what the two dialects read differently.
func shapeOf(pattern string, caseless bool) shape {
	if dialectal(pattern) {
		return shape{}
	}
	flags := syntax.Perl
	if caseless {
		flags |= syntax.FoldCase
	}
	re, err := syntax.Parse(pattern, flags)
	if err != nil {
		return shape{}
	}
	a := analyser{caseless: caseless, fold: caseless || anyFold(re)}
	s := shape{fold: a.fold}
	body, begin, end := anchors(re)
	all := a.concat(body)
	s.need, s.also = all.necessary(), all.also
	if begin {
		s.prefix = a.leading(body)
	}
	if end {
		s.suffix = a.trailing(body)
	}
	if all.exact != nil && all.pure && a.fold == a.caseless {
		switch {
		case begin && end:
			s.prefix, s.decided = all.exact, byEquality
		case begin:
			s.prefix, s.decided = all.exact, byPrefix
		case !end:
			s.need, s.decided = all.exact, byContent
		}
	}
	if s.decided == undecided {
		if s.order = a.sequenceOf(body, begin, end); s.order != nil {
			s.decided = bySequence
		}
	}
	return s
}

// dialectal reports constructs that parse as RE2 but may mean something else.
func dialectal(pattern string) bool {
	if !isASCII([]byte(pattern)) {
		return true // a quantifier binds a character here, a byte there
	}
	for i := 0; i+1 < len(pattern); i++ {
		if pattern[i] != '\\' {
			continue
		}
		i++
		if c := pattern[i]; '0' <= c && c <= '9' || strings.IndexByte("xCvQEz", c) >= 0 {
			return true
		}
	}
	// Classes may nest and subtract, quantifiers may lack their lower bound.
	return strings.Contains(pattern, "-[") || strings.Contains(pattern, "{,")
}

// anchors splits an expression into its body and whether the body must begin and
// end with the text. What is optional at an end without anchor is left out: it
// makes no difference to whether there is a match.
func anchors(re *syntax.Regexp) (body []*syntax.Regexp, begin, end bool) {
	body = []*syntax.Regexp{re}
	if re.Op == syntax.OpConcat {
		body = slices.Clone(re.Sub)
	}
	if len(body) > 0 && body[0].Op == syntax.OpBeginText {
		body, begin = body[1:], true
	}
	if n := len(body); n > 0 && body[n-1].Op == syntax.OpEndText {
		body, end = body[:n-1], true
	}
	for !end && len(body) > 0 && optional(body[len(body)-1]) {
		body = body[:len(body)-1]
	}
	for !begin && len(body) > 0 && optional(body[0]) {
		body = body[1:]
	}
	return body, begin, end
}

func optional(re *syntax.Regexp) bool {
	return re.Op == syntax.OpStar || re.Op == syntax.OpQuest || re.Op == syntax.OpRepeat && re.Min == 0
}

// leading returns the strings with one of which every match of body begins.
func (a *analyser) leading(body []*syntax.Regexp) []string {
	run := []string{""}
	for _, re := range body {
		joined := cross(run, a.walk(re).exact)
		if joined == nil {
			break
		}
		run = joined
	}
	return better(run, nil)
}

// trailing is leading from the other end.
func (a *analyser) trailing(body []*syntax.Regexp) []string {
	run := []string{""}
	for i := len(body) - 1; i >= 0; i-- {
		joined := cross(a.walk(body[i]).exact, run)
		if joined == nil {
			break
		}
		run = joined
	}
	return better(run, nil)
}
