package rule

import (
	"cmp"
	"runtime"
	"slices"
	"sync"
)

// Set is a compiled set of rules, shared by all sessions. It does not change
// except for its counters.
type Set struct {
	rules      []*compiled
	iterations int
	patterns   patterns // for the next set to take over
	counters

	flags       exactIndex[int]
	users       exactIndex[string]
	schemas     exactIndex[string]
	digests     exactIndex[uint64]
	digestWords literalIndex // match_digest
	textWords   literalIndex // match_pattern
	all         bitset

	fast     fastRouting
	fastLast bool  // the last rule lets fast routing have its say
	gtids    []int // hostgroups of gtid_from_hostgroup
}

// Compile compiles the active rules in the order of rule_id. Rules that do not
// compile are left out, with an *Error each. The rows are not changed, and must
// not be changed afterwards.
func Compile(rows []Row, fast []FastRow, opts Options) (*Set, []error) {
	opts = opts.withDefaults()
	s := &Set{iterations: opts.Iterations, fast: compileFast(fast), fastLast: true}
	ordered := make([]*Row, 0, len(rows))
	for i := range rows {
		if rows[i].Active {
			ordered = append(ordered, &rows[i])
		}
	}
	slices.SortStableFunc(ordered, func(a, b *Row) int { return cmp.Compare(a.RuleID, b.RuleID) })
	var errs []error
	compiled, failed := compileAll(ordered, &opts, reusable(opts.Reuse, &opts))
	for i, c := range compiled {
		if failed[i] != nil {
			errs = append(errs, failed[i])
			continue
		}
		s.rules = append(s.rules, c)
		s.fastLast = !c.row.Apply
		if from := c.row.GtidFromHostgroup; from.Valid && !slices.Contains(s.gtids, from.V) {
			s.gtids = append(s.gtids, from.V)
		}
	}
	s.patterns = collectPatterns(s.rules, &opts)
	s.counters = newCounters(len(s.rules))
	s.index(opts.NoPrefilter)
	return s, errs
}

// WantsGTIDs reports whether a rule has the hostgroup as gtid_from_hostgroup, so that the GTIDs of what is committed there
// matter.
func (s *Set) WantsGTIDs(hostgroup int) bool {
	return len(s.gtids) > 0 && slices.Contains(s.gtids, hostgroup)
}

// compileAll compiles rules on all processors; it gives a rule or an error for each row.
func compileAll(rows []*Row, o *Options, known patterns) ([]*compiled, []error) {
	rules, errs := make([]*compiled, len(rows)), make([]error, len(rows))
	var all sync.WaitGroup
	for part := range slices.Chunk(indexes(len(rows)), max(1, (len(rows)+1)/runtime.GOMAXPROCS(0))) {
		all.Go(func() {
			for _, i := range part {
				rules[i], errs[i] = compileRule(rows[i], o, known)
			}
		})
	}
	all.Wait()
	return rules, errs
}

func indexes(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}

// index builds what Match finds candidates by.
func (s *Set) index(plain bool) {
	n := len(s.rules)
	s.all = fullBitset(n)
	flag := func(i int) (int, bool) { return s.rules[i].row.FlagIN, true }
	if plain {
		flag = func(int) (int, bool) { return 0, false }
	}
	s.flags = newExactIndex(n, flag)
	if plain {
		return
	}
	s.users = newExactIndex(n, func(i int) (string, bool) { return s.rules[i].row.Username.V, s.rules[i].row.Username.Valid })
	s.schemas = newExactIndex(n, func(i int) (string, bool) { return s.rules[i].row.Schemaname.V, s.rules[i].row.Schemaname.Valid })
	s.digests = newExactIndex(n, func(i int) (uint64, bool) { return s.rules[i].digest, s.rules[i].row.Digest.Valid })
	s.digestWords = newLiteralIndex(n, func(i int) *pattern { return s.rules[i].excluding(s.rules[i].matchDigest) })
	s.textWords = newLiteralIndex(n, func(i int) *pattern { return s.rules[i].excluding(s.rules[i].matchPattern) })
}

// excluding returns p if a text without p's literals rules the rule out.
func (c *compiled) excluding(p *pattern) *pattern {
	if c.negate {
		return nil
	}
	return p
}
