package confparse

import (
	"fmt"
	"math/rand/v2"
)

// Parse reads the named files in order into one tree, as ParseWith does with the zero
// Options.
func Parse(l Loader, names ...string) (*Tree, Diagnostics) {
	return ParseWith(Options{}, l, names...)
}

// ParseWith reads the named files, and all files those include, in order into one tree.
// The tree is never nil: after errors it holds what could be understood.
func ParseWith(opt Options, l Loader, names ...string) (*Tree, Diagnostics) {
	p := &parser{
		opt:    opt,
		load:   l,
		tree:   &Tree{Text: map[string][]byte{}},
		names:  map[string]Pos{},
		params: map[string]param{},
		random: rand.New(rand.NewPCG(opt.Seed, opt.Seed)),
	}
	for _, name := range names {
		if p.open(name, nil, spot{}) {
			p.readTo(nil)
		}
	}
	p.closeBlocks()
	p.sortDiagnostics()
	return p.tree, p.diags
}

// parser is the state of one parse.
type parser struct {
	opt   Options
	load  Loader
	tree  *Tree
	diags Diagnostics
	stop  bool    // a bound was reached, nothing more is read
	src   *source // the file being read; its parents wait

	opened int // files opened so far
	bytes  int // their size

	// libconfig
	names   map[string]Pos // settings at top level
	closers []byte         // the brackets that are open, by what closes them
	errs    int            // errors in the setting at top level being read
	unwind  bool           // the brackets that are open are given up
	suspect Pos            // where a setting looks as if it belonged at top level
	longStr Pos            // the last string that ran over a line end

	// keepalived
	stack    []*block
	last     *Keyword // the keyword an opening brace would belong to
	params   map[string]param
	random   *rand.Rand
	expanded int // lines made by expansion so far
	exBytes  int // their size
}

// readTo reads the open file and what it includes to the end, item by item, until base is
// to be gone on with.
func (p *parser) readTo(base *source) {
	for p.src != base {
		switch {
		case p.stop:
			p.src = base
		case p.src.eof():
			p.src = p.src.below
		case len(p.stack) > 0:
			p.keepalivedLine()
		case p.skipRootSpace():
		case p.includeDirective():
		case p.settingAhead():
			p.rootSetting()
		default:
			p.keepalivedLine()
		}
	}
}

// skipRootSpace skips blanks and comments of both grammars between two items, and tells
// whether there were any.
func (p *parser) skipRootSpace() bool {
	s, start := p.src, p.src.off
	if s.text[s.off] == '!' {
		s.off = s.lineEnd(s.off)
	}
	p.skipSource()
	return s.off > start
}

// open puts a file on top of those being read. It is included by from, which is nil for a
// file named by the caller; at is what names it, where problems are reported.
func (p *parser) open(name string, from *source, at spot) bool {
	report := func(code, format string, args ...any) bool {
		if from == nil {
			p.add(Diagnostic{Pos: Pos{File: name, Line: 1, Col: 1}, Code: code, Message: fmt.Sprintf(format, args...)})
			return false
		}
		p.errorAt(at, code, format, args...)
		return false
	}
	for s := from; s != nil; s = s.parent {
		if s.name == name {
			return report(CodeFile, "file %q includes itself", name)
		}
	}
	if from != nil && from.depth+1 >= maxIncludeDepth {
		return report(CodeLimit, "files include each other more than %d deep", maxIncludeDepth)
	}
	text, err := p.read(name)
	if err != nil {
		return report(CodeFile, "cannot read file: %v", err)
	}
	if p.opened++; p.opened > maxIncludes {
		p.stop = true
		return report(CodeLimit, "more than %d files are included", maxIncludes)
	}
	if p.bytes += len(text); p.bytes > maxTotalBytes {
		p.stop = true
		return report(CodeLimit, "the files are larger than %d MiB together", maxTotalBytes>>20)
	}
	s := newSource(name, text, from)
	if i := indexNUL(text); i >= 0 {
		p.errorAt(spot{s, i, 1}, CodeFile, "the file holds a NUL byte, it is no text")
		return false
	}
	p.src = s
	return true
}

// read gives the text of a file without its byte order mark, and notes that it was read.
func (p *parser) read(name string) (string, error) {
	text, known := p.tree.Text[name]
	if !known {
		var err error
		if text, err = p.load.Read(name); err != nil {
			return "", err
		}
		p.tree.Files = append(p.tree.Files, name)
		p.tree.Text[name] = text
	}
	if len(text) >= len(bom) && string(text[:len(bom)]) == bom {
		text = text[len(bom):]
	}
	return string(text), nil
}

func indexNUL(text string) int {
	for i := 0; i < len(text); i++ {
		if text[i] == 0 {
			return i
		}
	}
	return -1
}
