package vrrpconf

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/keepsql/keepsql/confparse"
)

// Build checks and completes the keepalived half of a tree. The configuration is usable if
// the diagnostics have no errors; it is never nil.
func Build(tree *confparse.Tree) (*Config, confparse.Diagnostics) {
	b := &builder{cfg: &Config{Global: defaultGlobal()}, noted: map[string]bool{}}
	b.read(tree)
	b.arrange(tree)
	return b.cfg, b.diags
}

// read takes the keywords in the order of the text, and completes what they say.
func (b *builder) read(tree *confparse.Tree) {
	apply(b, "", rootRules, b.cfg, tree.Keywords)
	b.finish()
}

// Known tells whether a name is a keyword at root level, so that a caller that looks at a
// misspelt line can tell which of the two grammars it was meant for.
func Known(name string) bool {
	for i := range rootRules {
		if rootRules[i].name == name {
			return true
		}
	}
	return false
}

// arrange puts the diagnostics into the order of the text and adds the lines they are about.
func (b *builder) arrange(tree *confparse.Tree) {
	for i := range b.diags {
		b.diags[i].Line = tree.Line(b.diags[i].Pos)
	}
	file := func(p confparse.Pos) int { return slices.Index(tree.Files, p.File) }
	slices.SortStableFunc(b.diags, func(x, y confparse.Diagnostic) int {
		return cmp.Or(file(x.Pos)-file(y.Pos), x.Pos.Line-y.Pos.Line, x.Pos.Col-y.Pos.Col)
	})
}

// builder is one run of Build.
type builder struct {
	cfg   *Config
	diags confparse.Diagnostics
	noted map[string]bool // "block keyword" pairs already warned about
	// raw holds what an instance says before it is completed, beside cfg.Instances.
	raw []*rawInstance
	// notified are the commands of notify keywords.
	notified []notified
	host     Host // nil where nothing is known of it
	// users are those the text names, bfds the bfd_instances defined so far.
	users []namedUser
	bfds  []Tracked
	// groupWords are the names of cfg.Groups in the text.
	groupWords []confparse.Word
	// trackGroupWords are those of cfg.TrackGroups.
	trackGroupWords []confparse.Word
	// foreign are the blocks that are skipped.
	foreign []confparse.Word
}

// namedUser is a user and where it is named.
type namedUser struct {
	word confparse.Word
	User
}

// notified is a command that follows a change, and the keyword it stands behind.
type notified struct {
	word    confparse.Word
	command *Command
}

// effect says what becomes of a keyword.
type effect uint8

const (
	done    effect = iota // carried out in full
	silent                // nothing is lost by ignoring it
	ignored               // known, without effect here: one warning
	pending               // known, not carried out yet: one warning
	skipped               // as ignored, but for a whole block of other keywords
	inert                 // part of a block that is not carried out
)

// rule describes one keyword of a block whose values go into a T.
type rule[T any] struct {
	name   string
	least  int    // words that must follow the keyword
	effect effect // with anything but done, set may be nil
	note   string // continues the warning of ignored and pending
	set    func(b *builder, t *T, k *confparse.Keyword)
}

// apply reads the lines of one block by its table.
func apply[T any](b *builder, block string, rules []rule[T], t *T, lines []*confparse.Keyword) {
	for _, k := range lines {
		if len(k.Words) == 0 {
			continue
		}
		r := find(rules, k.Name())
		if r == nil {
			b.unknown(block, names(rules), k)
			continue
		}
		if len(k.Args()) < r.least {
			code := CodeMissingWord
			if goesOn[r.name] || goesOn[block+" "+r.name] {
				code = CodeIncomplete
			}
			b.errorf(k.Words[0], code, "%q needs %s", r.name, plural(r.least, "word", "words"))
			continue
		}
		b.note(block, r.effect, r.note, k)
		if r.set != nil {
			r.set(b, t, k)
		}
	}
}

func find[T any](rules []rule[T], name string) *rule[T] {
	for i := range rules {
		if rules[i].name == name {
			return &rules[i]
		}
	}
	return nil
}

func names[T any](rules []rule[T]) []string {
	out := make([]string, len(rules))
	for i := range rules {
		out[i] = rules[i].name
	}
	return out
}

// unknown reports a keyword no rule of the block knows. Its own block, if it has one, is
// skipped with it.
func (b *builder) unknown(block string, known []string, k *confparse.Keyword) {
	where := "at top level"
	if block != "" {
		where = "in " + block
	}
	d := diagnostic(k.Words[0], CodeUnknown, confparse.Error, fmt.Sprintf("unknown keyword %q %s", k.Name(), where))
	if s := confparse.Suggest(k.Name(), known); s != "" {
		d.Hint = fmt.Sprintf("did you mean %q?", s)
	}
	b.diags = append(b.diags, d)
}

// note warns once per block and keyword about what has no effect.
func (b *builder) note(block string, e effect, why string, k *confparse.Keyword) {
	var text, code string
	switch e {
	case ignored:
		text, code = fmt.Sprintf("%q has no effect here", k.Name()), CodeNoEffect
	case pending:
		text, code = fmt.Sprintf("%q is not carried out yet", k.Name()), CodePending
	case skipped:
		b.foreign = append(b.foreign, k.Words[0])
		return
	default:
		return
	}
	key := block + " " + k.Name()
	if b.noted[key] {
		return
	}
	b.noted[key] = true
	if why != "" {
		text += ": " + why
	}
	b.diags = append(b.diags, diagnostic(k.Words[0], code, confparse.Warning, text))
}

func (b *builder) errorf(w confparse.Word, code, format string, args ...any) {
	b.diags = append(b.diags, diagnostic(w, code, confparse.Error, fmt.Sprintf(format, args...)))
}

func (b *builder) warnf(w confparse.Word, code, format string, args ...any) {
	b.diags = append(b.diags, diagnostic(w, code, confparse.Warning, fmt.Sprintf(format, args...)))
}

func diagnostic(w confparse.Word, code string, s confparse.Severity, text string) confparse.Diagnostic {
	return confparse.Diagnostic{Pos: w.Pos, Severity: s, Code: code, Message: text, Width: len(w.Text)}
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "one more " + one
	}
	return fmt.Sprintf("%d more %s", n, many)
}

// skippedBlocks names all blocks that are nothing of ours in one warning, at the first.
func (b *builder) skippedBlocks() {
	if len(b.foreign) == 0 {
		return
	}
	count := map[string]int{}
	for _, w := range b.foreign {
		count[w.Text]++
	}
	var list []string
	for _, name := range slices.Sorted(maps.Keys(count)) {
		list = append(list, fmt.Sprintf("%d × %s", count[name], name))
	}
	b.warnf(b.foreign[0], CodeSkipped, "%s skipped: %s", strings.Join(list, ", "), noLVS)
}
