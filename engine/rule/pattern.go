package rule

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"sync"
	"time"

	"github.com/dlclark/regexp2/v2"
	"github.com/dlclark/regexp2/v2/syntax"
)

// Engine is a dialect of regular expressions (query_processor_regex).
type Engine int

const (
	PCRE Engine = 1 // upstream's default
	RE2  Engine = 2
)

// DefaultMatchTimeout is for how long one expression may run over one text. What
// takes longer does not match. The clock behind it ticks ten times a second.
const DefaultMatchTimeout = 500 * time.Millisecond

// pattern is a regular expression. Exactly one engine is set.
type pattern struct {
	shape
	pcre *lazy
	re2  *regexp.Regexp
}

// lazy is an expression that is known to be sound, and compiled when a text first needs it: most rules of a large set are
// decided by their literals alone, and compiling takes longer than everything else that a load does.
type lazy struct {
	expr    string
	options regexp2.RegexOptions
	timeout time.Duration

	once     sync.Once
	compiled *regexp2.Regexp // nil where it cannot be compiled after all
}

func newLazy(expr string, caseless bool, timeout time.Duration) (*lazy, error) {
	l := &lazy{expr: expr, timeout: timeout}
	if caseless {
		l.options = regexp2.IgnoreCase
	}
	if sound(expr) {
		return l, nil
	}
	if _, err := syntax.Parse(expr, syntax.ParseOptions{RegexOptions: syntax.RegexOptions(l.options)}); err != nil {
		return nil, fmt.Errorf("%w (as %q)", err, expr)
	}
	return l, nil
}

// get gives the compiled expression.
func (l *lazy) get() *regexp2.Regexp {
	l.once.Do(func() {
		re, err := regexp2.Compile(l.expr, l.options)
		if err == nil {
			re.MatchTimeout = l.timeout
			l.compiled = re
		}
	})
	return l.compiled
}

func compilePattern(expr string, caseless bool, o *Options) (*pattern, error) {
	p := &pattern{}
	if !o.NoPrefilter {
		p.shape = shapeOf(expr, caseless)
	}
	if o.Engine == RE2 {
		if caseless {
			expr = "(?i)" + expr
		}
		re, err := regexp.Compile(expr)
		if err != nil {
			return nil, err
		}
		p.re2 = re
		return p, nil
	}
	translated, err := translate(expr)
	if err != nil {
		return nil, err
	}
	p.pcre, err = newLazy(translated, caseless, o.MatchTimeout)
	return p, err
}

// groups returns the number of the last capturing group.
func (p *pattern) groups() int {
	if p.re2 != nil {
		return p.re2.NumSubexp()
	}
	re := p.pcre.get()
	if re == nil {
		return 0
	}
	return slices.Max(re.GetGroupNumbers())
}

// match reports whether the expression matches somewhere in text, of which s is
// the form for PCRE. An expression that had to be stopped does not match.
func (p *pattern) match(text []byte, s *subject) (matched, stopped bool) {
	if !p.foldsWide(text) {
		c := comparer{p.fold}
		switch p.decided {
		case byPrefix:
			return c.anyPrefix(text, p.prefix), false
		case byContent:
			return c.anyInside(text, p.need), false
		case byEquality:
			return c.anyEqual(text, p.prefix) || p.pcre != nil && c.anyEqual(trimNewline(text), p.prefix), false
		case bySequence:
			if bytes.IndexByte(text, '\n') < 0 {
				return p.order.matches(text, c), false
			}
		}
		if p.prefix != nil && !c.anyPrefix(text, p.prefix) {
			return false, false
		}
		if p.suffix != nil && !c.anySuffix(text, p.suffix) && !c.anySuffix(trimNewline(text), p.suffix) {
			return false, false
		}
	}
	if p.re2 != nil {
		return p.re2.Match(text), false
	}
	re := p.pcre.get()
	if re == nil {
		return false, true
	}
	matched, err := re.MatchRunes(s.of(text))
	return matched && err == nil, err != nil
}

// foldsWide reports whether characters of text outside ASCII could equal ASCII
// letters, as the Kelvin sign equals k in caseless RE2.
func (p *pattern) foldsWide(text []byte) bool {
	return p.re2 != nil && p.fold && !isASCII(text)
}

func isASCII(text []byte) bool {
	for _, c := range text {
		if c >= 0x80 {
			return false
		}
	}
	return true
}
