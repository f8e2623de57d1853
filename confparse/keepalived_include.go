package confparse

import (
	"path/filepath"
	"strings"
)

// includeChecks is what an include demands of the files it names.
type includeChecks uint8

const (
	checkReadable includeChecks = 1 << iota // each match can be read
	checkMatch                              // a name without wildcards exists
	checkWildcard                           // anything matches
	checkBraces                             // each name of a {a,b} exists
	checkAll      = checkReadable | checkMatch | checkWildcard | checkBraces
)

var includeWords = map[string]includeChecks{
	"include":  0,
	"includer": checkReadable,
	"includem": checkMatch,
	"includew": checkWildcard,
	"includeb": checkBraces,
	"includea": checkAll,
}

// Includer is what a Loader may implement to keep files out of keepalived's includes: it
// gives an error for one that is not a regular, non-executable file.
type Includer interface {
	Includable(name string) error
}

// keepalivedInclude reads the files of an `include pattern` line.
// The pattern is the rest of the line, relative to the directory of the file it is in.
func (p *parser) keepalivedInclude(line text) bool {
	i := strings.IndexAny(line.s, blanks)
	if i < 0 {
		return false
	}
	word, pattern := line.s[:i], strings.Trim(line.s[i:], blanks)
	checks, known := includeWords[word]
	if !known {
		return false
	}
	at := line.span(len(line.s)-len(pattern), len(line.s))
	p.last = nil
	checks |= p.src.checks
	if p.opt.StrictIncludes {
		checks = checkAll
	}
	full := pattern
	if !filepath.IsAbs(pattern) {
		full = filepath.Join(filepath.Dir(p.src.name), pattern)
	}
	files := p.globAll(at, []string{full})
	p.checkMatches(at, pattern, full, len(files), checks)
	base := p.src
	for _, file := range p.includable(files, at, checks) {
		if p.open(file, base, at) {
			p.readTo(base)
		}
	}
	return true
}

// includable leaves out the files that must not or cannot be read.
func (p *parser) includable(files []string, at spot, checks includeChecks) []string {
	var good []string
	for _, file := range files {
		if l, ok := p.load.(Includer); ok {
			if err := l.Includable(file); err != nil {
				p.warnAt(at, CodeInclude, "", "skip file: %v", err)
				continue
			}
		}
		if _, err := p.read(file); err != nil {
			if checks&checkReadable != 0 {
				p.errorAt(at, CodeStrict, "cannot read file: %v", err)
			} else {
				p.warnAt(at, CodeInclude, "", "cannot read file: %v", err)
			}
			continue
		}
		good = append(good, file)
	}
	return good
}

// checkMatches reports a pattern that stands for too few files.
func (p *parser) checkMatches(at spot, pattern, full string, matches int, checks includeChecks) {
	if matches == 0 {
		wild := strings.ContainsAny(pattern, "*?[")
		if checks&checkWildcard != 0 || checks&checkMatch != 0 && !wild {
			p.errorAt(at, CodeStrict, "no file matches %q", pattern)
			return
		}
		hint := ""
		if strings.HasPrefix(pattern, `"`) {
			hint = "the quotes are taken as part of the name"
		}
		p.warnAt(at, CodeInclude, hint, "no file matches %q", pattern)
		return
	}
	names, err := expandBraces(full)
	if err != nil || len(names) == 1 {
		return
	}
	for _, name := range names {
		if strings.ContainsAny(name, "*?[") {
			continue
		}
		if found, _ := p.load.Glob(name); len(found) > 0 {
			continue
		}
		if checks&checkBraces != 0 {
			p.errorAt(at, CodeStrict, "no file is named %q", name)
		} else {
			p.warnAt(at, CodeInclude, "", "no file is named %q", name)
		}
	}
}

// includeCheck follows an `include_check [[+|-]option …]` line of global_defs. It holds for
// the rest of the file and the files that includes.
func (p *parser) includeCheck(k *Keyword) {
	names := map[string]includeChecks{
		"readable": checkReadable, "match": checkMatch,
		"wildcard_match": checkWildcard, "brace_match": checkBraces,
	}
	if len(k.Words) == 1 {
		p.src.checks = checkAll
		return
	}
	var plain includeChecks
	for _, w := range k.Args() {
		switch sign, name := w.Text[:min(1, len(w.Text))], strings.TrimLeft(w.Text, "+-"); sign {
		case "+":
			p.src.checks |= names[name]
		case "-":
			p.src.checks &^= names[name]
		default:
			plain |= names[name]
		}
	}
	if plain != 0 {
		p.src.checks = plain
	}
}
