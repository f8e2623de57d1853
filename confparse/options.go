package confparse

// Options are what the text may depend on besides the bytes of its files. The zero value
// is usable. Equal options and equal bytes give equal trees.
type Options struct {
	// ConfigID is what `@id` lines are compared with and what ${_INSTANCE} gives:
	// keepalived's -i, by default the host name up to its first dot.
	ConfigID string
	// WorkDir is the absolute directory relative file names are meant from; it is only
	// used to make ${_PWD} absolute.
	WorkDir string
	// Seed selects the sequence of numbers that ${_RANDOM} gives.
	Seed uint64
	// Env answers ${_ENV NAME}; nil means an empty environment.
	Env map[string]string
	// StrictIncludes makes every plain `include` demand what `includea` demands:
	// keepalived's -e.
	StrictIncludes bool
}

// The bounds of one parse. They are far above what people write and far below what
// hurts; reaching one is an error with its position.
const (
	maxIncludeDepth  = 16       // files open at the same time
	maxIncludes      = 10_000   // files opened in all, repetitions counted
	maxTotalBytes    = 64 << 20 // bytes read in all, repetitions counted
	maxNesting       = 64       // brackets or blocks within each other
	maxDiagnostics   = 200      // then parsing stops
	maxLineBytes     = 16 << 10 // one keepalived line after substitution
	maxSubstitutions = 200      // parameters replaced in one line
	maxExpandDepth   = 32       // parameters and loops within each other
	maxExpanded      = 100_000  // lines made by loops and multi-line parameters in all
	maxExpandBytes   = 16 << 20 // bytes of those lines in all
	maxAlternatives  = 1_000    // names one brace pattern stands for
)
