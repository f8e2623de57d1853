package rule

import (
	"math/rand/v2"
	"time"
)

// Options are the settings that rules are compiled with.
type Options struct {
	// Engine is the dialect of the expressions [query_processor_regex]; 0 is PCRE.
	Engine Engine
	// Iterations is how many times evaluation starts over from the first rule
	// after a flagOUT, 0 for never [query_processor_iterations].
	Iterations int
	// MatchTimeout stops PCRE expressions that run too long; 0 is
	// DefaultMatchTimeout.
	MatchTimeout time.Duration
	// NoPrefilter evaluates every condition of every rule. Slow; meant to find
	// out whether the shortcuts are to blame.
	NoPrefilter bool
	// Reuse is a set whose expressions are taken over where they stand in a rule again; nil
	// compiles all anew. A load rarely changes more than a few rules.
	Reuse *Set
	// Rand returns a number in [0, n) for weighted flagOUTs; nil is math/rand.
	Rand func(n uint32) uint32
}

func (o Options) withDefaults() Options {
	if o.Engine == 0 {
		o.Engine = PCRE
	}
	if o.MatchTimeout == 0 {
		o.MatchTimeout = DefaultMatchTimeout
	}
	if o.Rand == nil {
		o.Rand = rand.Uint32N
	}
	return o
}
