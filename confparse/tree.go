package confparse

import (
	"bytes"
	"fmt"
	"strings"
)

// Pos is a place in a source file.
type Pos struct {
	File string
	Line int // 1-based
	Col  int // 1-based, in bytes
}

// String is the place as it is printed: file:line:col.
func (p Pos) String() string { return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Col) }

// Tree is what a set of files says, before anything is known about its meaning.
type Tree struct {
	Settings []*Setting // libconfig settings at top level
	Keywords []*Keyword // keepalived keywords at root level
	Files    []string   // every file that was read, includes too, in order of first use
	Globs    []string   // every include pattern that was expanded, for the file watch
	// Text holds the bytes of every file in Files, so that a MapLoader over it parses to
	// the same tree in another process.
	Text map[string][]byte
}

// Line is the source line that pos is in, without its line end, for a Diagnostic made
// outside this package. It is empty when the file or line is not in the tree.
func (t *Tree) Line(pos Pos) string {
	text := string(bytes.TrimPrefix(t.Text[pos.File], []byte(bom)))
	for n := 1; ; n++ {
		line, rest, more := strings.Cut(text, "\n")
		if n == pos.Line {
			return printable(line)
		}
		if !more {
			return ""
		}
		text = rest
	}
}

// Setting is `name = value` or `name : value`.
type Setting struct {
	Pos   Pos
	Name  string
	Value Value
}

// Kind tells which field of a Value counts.
type Kind int

// The kinds of libconfig values.
const (
	Bool  Kind = iota + 1 // Value.Bool
	Int                   // Value.Int, 32 bit in the text
	Int64                 // Value.Int, written with L or too large for 32 bit
	Float                 // Value.Float
	String
	Array // Value.Elems, scalars of one kind
	List  // Value.Elems, any kinds
	Group // Value.Group
)

// Value is the right-hand side of a Setting or an element of an array or list.
type Value struct {
	Pos   Pos
	Kind  Kind
	Bool  bool
	Int   int64
	Float float64
	Str   string
	Elems []Value
	Group []*Setting
}

// Keyword is one line of keepalived's grammar: words, and perhaps a block.
type Keyword struct {
	Pos   Pos
	Words []Word
	// Rest is the text of the line behind the first word, parameters substituted and
	// comments removed, as keywords that hold a command line need it (see SplitCommand).
	Rest  string
	Block []*Keyword // the lines between the braces
	// HasBlock is true where braces were written, even with nothing between them.
	HasBlock bool
}

// Name is the keyword itself.
func (k *Keyword) Name() string { return k.Words[0].Text }

// Args are the words after the keyword.
func (k *Keyword) Args() []Word { return k.Words[1:] }

// Word is one word of a keepalived line, its quotes removed.
type Word struct {
	Pos    Pos
	Text   string
	Quoted bool
}

// Loader is where the text comes from. Names are paths as written on the command line, or,
// for an include, made relative to what the grammar in question prescribes.
type Loader interface {
	// Read returns the bytes of one file.
	Read(name string) ([]byte, error)
	// Glob returns the files that match an include pattern, sorted.
	Glob(pattern string) ([]string, error)
}
