package confparse

import "strings"

// The way of a keepalived line:
//
//  1. comments are cut off, blanks around dropped               (keepalivedLine)
//  2. `@id` decides whether it counts at all                    (process)
//  3. `$NAME=value` is remembered, with the lines it goes on  (define)
//  4. `~SEQ` and `~LST` make many lines of it, each starts at 2 (loop)
//  5. parameters are replaced; what that changed starts at 2    (expand)
//  6. `include…` reads files                                    (keepalivedInclude)
//  7. words and braces become keywords and blocks               (build)

// keepalivedLine reads one line of keepalived's grammar.
func (p *parser) keepalivedLine() {
	line, goesOn := p.rawLine()
	line = uncomment(line)
	if line.s == "" {
		return
	}
	p.process(line, goesOn, 0)
}

// rawLine takes the rest of the line. A backslash at its end is dropped and told about.
func (p *parser) rawLine() (text, bool) {
	s, start := p.src, p.src.off
	end := s.lineEnd(start)
	s.off = min(end+1, len(s.text))
	line := text{s: s.text[start:end], from: []origin{{src: s, off: start}}}.trim()
	if strings.HasSuffix(line.s, `\`) {
		return line.slice(0, len(line.s)-1).trim(), true
	}
	return line, false
}

// uncomment cuts the line at a '#' or '!' that is not in double quotes and not behind a
// backslash. Single quotes protect nothing here.
func uncomment(t text) text {
	quoted := false
	for i := 0; i < len(t.s); i++ {
		switch t.s[i] {
		case '"':
			quoted = !quoted
		case '#', '!':
			if !quoted && (i == 0 || t.s[i-1] != '\\') {
				return t.slice(0, i).trim()
			}
		}
	}
	return t
}

// process takes a line from its condition on. GoesOn tells that a backslash stood at
// its end; depth counts the expansions it comes from.
func (p *parser) process(line text, goesOn bool, depth int) {
	if p.stop {
		return
	}
	if depth > maxExpandDepth {
		p.errorText(line, CodeLimit, "parameters and loops are nested more than %d deep, or refer to themselves", maxExpandDepth)
		return
	}
	if line.s != "" && line.s[0] == '@' {
		rest, counts := p.condition(line)
		if !counts {
			if _, _, def := definition(rest); def && goesOn {
				p.valueLines(nil)
			}
			return
		}
		line = rest
	}
	if line.s == "" {
		return
	}
	if name, value, ok := definition(line); ok {
		p.define(name, value, goesOn)
		return
	}
	if goesOn {
		s, off := line.place(0)
		off += strings.LastIndexByte(s.text[off:s.lineEnd(off)], '\\')
		p.warnAt(spot{s, off, 1}, CodeLine, "only the value of a parameter may go on",
			"a backslash at the end does not continue this line")
	}
	if !p.loop(line, depth) {
		p.expand(line, depth)
	}
}

// condition splits `@id rest` or `@^id rest` and tells whether rest counts.
func (p *parser) condition(line text) (text, bool) {
	end := strings.IndexAny(line.s, blanks)
	if end < 0 {
		return line.slice(len(line.s), len(line.s)), false
	}
	id, not := strings.CutPrefix(line.s[1:end], "^")
	if id == "include" && p.opt.ConfigID != id {
		p.warnAt(line.span(0, end), CodeLine, `a libconfig file is included with @include "name"`,
			"the line is left out: the config id is %q, not %q", p.opt.ConfigID, id)
	}
	return line.slice(end, len(line.s)).trim(), (id != "" && id == p.opt.ConfigID) != not
}

// errorText reports an error about a whole line.
func (p *parser) errorText(t text, code, format string, args ...any) {
	p.errorWord(t, 0, len(t.s), code, "", format, args...)
}

// errorWord reports an error about the bytes from i to j.
func (p *parser) errorWord(t text, i, j int, code, hint, format string, args ...any) {
	p.hintAt(t.span(i, j), code, hint, format, args...)
}

// span is where the bytes from i to j were written, as far as that is one place.
func (t text) span(i, j int) spot {
	s, off := t.place(i)
	last, end := t.place(max(i, j-1))
	if last != s || end < off || end > s.lineEnd(off) {
		return spot{s, off, 1}
	}
	return spot{s, off, end - off + 1}
}
