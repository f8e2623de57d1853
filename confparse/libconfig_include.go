package confparse

import (
	"path/filepath"
	"sort"
	"strings"
)

// includeDirective reads `@include "pattern"` or `@include_dir "directory"` at the start of
// a line and puts the files it names on top of those being read. Names are relative to
// the working directory, as libconfig has it. It returns false when there is none here.
//
//   - A plain name must exist.
//   - A pattern with * ? [ or { stands for the files that match, sorted; there may be none.
//   - A directory stands for its *.cnf and *.conf files, sorted; there may be none.
func (p *parser) includeDirective() bool {
	s, start := p.src, p.src.off
	rest := s.text[start:]
	directive := "@include"
	if strings.HasPrefix(rest, "@include_dir") {
		directive = "@include_dir"
	}
	if !strings.HasPrefix(rest, directive) || !s.atLineStart(start) {
		return false
	}
	i := start + len(directive)
	for i < len(s.text) && isBlank(s.text[i]) {
		i++
	}
	if i == start+len(directive) || i >= len(s.text) || s.text[i] != '"' {
		return false
	}
	end := s.lineEnd(i)
	close := strings.IndexByte(s.text[i+1:end], '"')
	if close < 0 {
		p.errorAt(spot{s, i, 1}, CodeString, "the file name is not closed, '\"' is missing")
		s.off = end
		return true
	}
	at := spot{s, i, close + 2}
	pattern := s.text[i+1 : i+1+close]
	s.off = i + 1 + close + 1
	p.last = nil
	patterns := []string{pattern}
	if directive == "@include_dir" {
		patterns = []string{filepath.Join(pattern, "*.cnf"), filepath.Join(pattern, "*.conf")}
	} else if !hasMeta(pattern) {
		p.noteGlob(pattern)
		p.open(pattern, s, at)
		return true
	}
	p.openAll(p.globAll(at, patterns), s, at)
	return true
}

// globAll gives the files that match any of the patterns, sorted, and notes the patterns.
func (p *parser) globAll(at spot, patterns []string) []string {
	var files []string
	for _, pattern := range patterns {
		p.noteGlob(pattern)
		matches, err := p.load.Glob(pattern)
		if err != nil {
			p.errorAt(at, CodeFile, "cannot expand pattern %q: %v", pattern, err)
		}
		files = append(files, matches...)
	}
	sort.Strings(files)
	return files
}

// openAll puts the files on top of those being read so that the first is read first.
func (p *parser) openAll(files []string, from *source, at spot) {
	for i := len(files) - 1; i >= 0; i-- {
		top := p.src
		if p.open(files[i], from, at) {
			p.src.below = top
		}
	}
}

func (p *parser) noteGlob(pattern string) {
	for _, g := range p.tree.Globs {
		if g == pattern {
			return
		}
	}
	p.tree.Globs = append(p.tree.Globs, pattern)
}

// hasMeta tells whether an include names files by a pattern.
func hasMeta(pattern string) bool { return strings.ContainsAny(pattern, "*?[{") }
