package confparse

import (
	"fmt"
	"strings"
)

// block is an open brace and where the lines behind it go.
type block struct {
	keyword *Keyword // nil: to top level, after a brace that belongs to no keyword
	src     *source
	off     int // of the brace
	suspect Pos // a block in it that looks as if it belonged at top level
}

// build makes keywords and blocks of a line. Braces outside double quotes cut it.
func (p *parser) build(line text) {
	start := 0
	for i := 0; i < len(line.s) && !p.stop; i++ {
		switch c := line.s[i]; {
		case c == '"':
			if n := strings.IndexByte(line.s[i+1:], '"'); n >= 0 {
				i += n + 1
			} else {
				i = len(line.s) - 1
			}
		case c == '$' && i+1 < len(line.s) && line.s[i+1] == '{':
			if u, ok := useAt(line.s, i); ok {
				p.undefined(line, u)
				i = u.j - 1
			}
		case c == '{':
			p.keyword(line.slice(start, i).trim())
			p.openBlock(line, i)
			start = i + 1
		case c == '}':
			p.keyword(line.slice(start, i).trim())
			p.closeBlock(line, i)
			start = i + 1
		}
	}
	p.keyword(line.slice(start, len(line.s)).trim())
}

// undefined reports the use of a parameter that is not defined.
func (p *parser) undefined(line text, u use) {
	if value, ok := p.params[u.name]; ok && value.multi {
		p.errorWord(line, u.i, u.j, CodeParameter, "", "parameter %q has several lines and must end the line", u.name)
		return
	}
	known := []string{"_PWD", "_INSTANCE", "_RANDOM", "_HASH", "_BANG", "_ENV"}
	for name := range p.params {
		known = append(known, name)
	}
	hint := "a definition must stand before its use"
	if name := Suggest(u.name, known); name != "" {
		hint = fmt.Sprintf("did you mean ${%s}?", name)
	}
	p.errorWord(line, u.i, u.j, CodeParameter, hint, "parameter %q is not defined", u.name)
}

// keyword appends a line without braces to the block it is in.
func (p *parser) keyword(line text) {
	if line.s == "" {
		return
	}
	words, rest := p.words(line)
	k := &Keyword{Pos: words[0].Pos, Words: words, Rest: rest}
	if len(p.stack) == 0 || p.stack[len(p.stack)-1].keyword == nil {
		p.tree.Keywords = append(p.tree.Keywords, k)
	} else {
		in := p.stack[len(p.stack)-1].keyword
		in.Block = append(in.Block, k)
		if k.Name() == "include_check" && in.Name() == "global_defs" {
			p.includeCheck(k)
		}
	}
	p.last = k
}

// openBlock takes an opening brace.
func (p *parser) openBlock(line text, i int) {
	s, off := line.place(i)
	if len(p.stack) >= maxNesting {
		p.errorWord(line, i, i+1, CodeLimit, "", "blocks are nested more than %d deep", maxNesting)
		p.stop = true
		return
	}
	b := &block{src: s, off: off}
	if p.last == nil {
		p.errorWord(line, i, i+1, CodeBrace, "a block begins with a keyword", "unexpected '{'")
		if len(p.stack) > 0 {
			b.keyword = p.stack[len(p.stack)-1].keyword
		}
	} else {
		b.keyword = p.last
		b.keyword.HasBlock = true
		if p.last.Pos.Col == 1 && len(p.stack) > 0 && p.stack[len(p.stack)-1].suspect == (Pos{}) {
			p.stack[len(p.stack)-1].suspect = p.last.Pos
		}
	}
	p.stack = append(p.stack, b)
	p.last = nil
}

// closeBlock takes a closing brace.
func (p *parser) closeBlock(line text, i int) {
	p.last = nil
	if len(p.stack) == 0 {
		p.errorWord(line, i, i+1, CodeBrace, "", "extra '}'")
		return
	}
	p.stack = p.stack[:len(p.stack)-1]
}

// closeBlocks reports the blocks that are open at the end of everything.
func (p *parser) closeBlocks() {
	if p.stop {
		return
	}
	for _, b := range p.stack {
		hint := ""
		if b.suspect != (Pos{}) {
			hint = fmt.Sprintf("is it missing before %v?", b.suspect)
		}
		p.hintAt(spot{b.src, b.off, 1}, CodeBrace, hint, "the file ends before the '}' that closes this")
	}
}

// words splits a line at blanks. A word that begins with a double quote ends with the next
// one; nothing is decoded in it. Outside, a backslash before '#' or '!' is dropped.
func (p *parser) words(line text) (words []Word, rest string) {
	i := 0
	for i < len(line.s) {
		start := i
		w := Word{Pos: line.pos(i)}
		if line.s[i] == '"' {
			w.Quoted = true
			i++
			n := strings.IndexByte(line.s[i:], '"')
			if n < 0 {
				p.unmatched(line, start, words)
				n = len(line.s) - i
			}
			w.Text = line.s[i : i+n]
			i = min(i+n+1, len(line.s))
		} else {
			for i < len(line.s) && !isBlank(line.s[i]) && line.s[i] != '"' {
				i++
			}
			w.Text = unescapeComment(line.s[start:i])
		}
		if words == nil {
			rest = strings.TrimLeft(line.s[i:], blanks)
		}
		words = append(words, w)
		for i < len(line.s) && isBlank(line.s[i]) {
			i++
		}
	}
	return words, rest
}

// unmatched reports a double quote without its partner, unless the line is well formed as a
// command line, where a quote may be escaped or stand in single quotes.
func (p *parser) unmatched(line text, at int, words []Word) {
	if words != nil {
		first := strings.IndexAny(line.s, blanks+`"`)
		if _, err := SplitWords(line.s[first:]); err == nil {
			return
		}
	}
	p.errorWord(line, at, at+1, CodeQuote, "", "the double quote is not closed")
}

func unescapeComment(s string) string {
	if strings.IndexByte(s, '\\') < 0 {
		return s
	}
	return strings.NewReplacer(`\#`, "#", `\!`, "!").Replace(s)
}
