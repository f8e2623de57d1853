package rule

import "time"

// patterns are the compiled expressions of a set, for the next set to take over. A pattern
// never changes, so sets may share it.
type patterns struct {
	byText  map[patternText]*pattern
	engine  Engine
	timeout time.Duration
	plain   bool
}

// patternText is what an expression is compiled from.
type patternText struct {
	expr     string
	caseless bool
}

// reusable gives the expressions of a set that was compiled with the same options.
func reusable(s *Set, o *Options) patterns {
	if s == nil || s.patterns.engine != o.Engine || s.patterns.timeout != o.MatchTimeout || s.patterns.plain != o.NoPrefilter {
		return patterns{}
	}
	return s.patterns
}

// compile takes an expression over or compiles it.
func (p patterns) compile(expr string, caseless bool, o *Options) (*pattern, error) {
	if known := p.byText[patternText{expr, caseless}]; known != nil {
		return known, nil
	}
	return compilePattern(expr, caseless, o)
}

// collectPatterns gathers the expressions of compiled rules.
func collectPatterns(rules []*compiled, o *Options) patterns {
	p := patterns{byText: make(map[patternText]*pattern, len(rules)), engine: o.Engine, timeout: o.MatchTimeout, plain: o.NoPrefilter}
	for _, c := range rules {
		for _, use := range []struct {
			text    Null[string]
			pattern *pattern
		}{{c.row.MatchDigest, c.matchDigest}, {c.row.MatchPattern, c.matchPattern}} {
			if use.pattern != nil {
				p.byText[patternText{use.text.V, c.caseless}] = use.pattern
			}
		}
	}
	return p
}
