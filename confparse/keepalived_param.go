package confparse

import (
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// param is the value of a parameter: one line, or several.
type param struct {
	lines []text
	multi bool
}

// definition splits `$NAME=value`.
func definition(line text) (name string, value text, ok bool) {
	if line.s == "" || line.s[0] != '$' {
		return "", text{}, false
	}
	n := paramLen(line.s[1:])
	if n == 0 || 1+n >= len(line.s) || line.s[1+n] != '=' {
		return "", text{}, false
	}
	return line.s[1 : 1+n], line.slice(2+n, len(line.s)).trim(), true
}

// define remembers a parameter. One whose line goes on has several lines.
func (p *parser) define(name string, value text, goesOn bool) {
	if !goesOn {
		p.params[name] = param{lines: []text{value}}
		return
	}
	var lines []text
	if value.s != "" {
		lines = append(lines, value)
	}
	p.params[name] = param{lines: p.valueLines(lines), multi: true}
}

// valueLines reads the further lines of a value: each but the last ends in a backslash.
// A blank line ends it too.
func (p *parser) valueLines(lines []text) []text {
	for !p.src.eof() {
		line, goesOn := p.rawLine()
		if line = uncomment(line); line.s != "" {
			lines = append(lines, line)
		}
		if !goesOn {
			break
		}
	}
	return lines
}

// paramLen is the length of the parameter name s begins with: [A-Za-z_][A-Za-z0-9_]*.
func paramLen(s string) int {
	n := 0
	for n < len(s) && (isLetter(s[n]) || s[n] == '_' || n > 0 && isDigit(s[n])) {
		n++
	}
	return n
}

// use is one `$NAME` or `${NAME}` in a line, from i to j.
type use struct {
	i, j int
	name string
	args string // what follows a predefined name inside the braces
}

// maxUse is how long `NAME ARGUMENTS}` in a use may be.
const maxUse = 256

// nextUse finds the first use of a parameter from i on.
func nextUse(s string, i int) (use, bool) {
	for i < len(s) {
		n := strings.IndexByte(s[i:], '$')
		if n < 0 {
			break
		}
		i += n
		if u, ok := useAt(s, i); ok {
			return u, true
		}
		i++
	}
	return use{}, false
}

// useAt reads the use of a parameter whose '$' is at i. `$NAME` counts only when followed by a
// blank, ',', ')' or the end of the line.
func useAt(s string, i int) (use, bool) {
	if !strings.HasPrefix(s[i+1:], "{") {
		n := paramLen(s[i+1:])
		end := i + 1 + n
		ok := n > 0 && (end == len(s) || strings.IndexByte(blanks+",)", s[end]) >= 0)
		return use{i: i, j: end, name: s[i+1 : end]}, ok
	}
	inside, _, closed := strings.Cut(s[i+2:min(len(s), i+2+maxUse)], "}")
	n := paramLen(inside)
	if !closed || n == 0 || n < len(inside) && (inside[n] != ' ' || inside[0] != '_') {
		return use{}, false
	}
	return use{i, i + 2 + len(inside) + 1, inside[:n], strings.TrimSpace(inside[n:])}, true
}

// expand replaces the parameters of a line. A changed line is processed anew, as are the
// further lines of a value.
func (p *parser) expand(line text, depth int) {
	done, more := p.substitute(line, 0)
	if done.s == line.s && more == nil {
		if !p.keepalivedInclude(line) {
			p.build(line)
		}
		return
	}
	p.process(done, false, depth+1)
	for _, l := range more {
		if !p.spend(l) {
			return
		}
		p.process(l, false, depth+1)
	}
}

// substitute replaces the parameters of a line, and those in their values. Where a value of
// several lines ends the line, the others are returned too. Count is how many parameters
// were replaced in this line before.
func (p *parser) substitute(line text, count int) (text, []text) {
	for i := 0; ; {
		u, found := nextUse(line.s, i)
		if !found {
			return line, nil
		}
		value, known := p.lookup(line, u)
		if known && value.multi && u.j != len(line.s) {
			known = false
		}
		if !known {
			i = u.j
			continue
		}
		if count++; count > maxSubstitutions || len(line.s) > maxLineBytes {
			p.errorWord(line, u.i, u.j, CodeLimit, "", "parameter %q refers to itself, or stands for too much text", u.name)
			return line.slice(0, 0), nil
		}
		if len(value.lines) == 0 {
			line = join(line.slice(0, u.i), line.slice(u.j, len(line.s)))
			continue
		}
		first := value.lines[0]
		if !value.multi {
			first = line.at(u.i, first.s)
		}
		line = join(line.slice(0, u.i), first, line.slice(u.j, len(line.s)))
		i = u.i
		if value.multi {
			line, more := p.substitute(line, count)
			return line, slices.Concat(more, value.lines[1:])
		}
	}
}

// lookup gives the value of the parameter that is used.
func (p *parser) lookup(line text, u use) (param, bool) {
	one := func(s string) (param, bool) { return param{lines: []text{line.at(u.i, s)}}, true }
	if u.args == "" {
		if value, ok := p.params[u.name]; ok {
			return value, true
		}
	}
	switch u.name {
	case "_PWD":
		dir := filepath.Dir(p.src.name)
		if !filepath.IsAbs(dir) && p.opt.WorkDir != "" {
			dir = filepath.Join(p.opt.WorkDir, dir)
		}
		return one(dir)
	case "_INSTANCE":
		return one(p.opt.ConfigID)
	case "_HASH":
		return one("#")
	case "_BANG":
		return one("!")
	case "_RANDOM":
		return p.randomParam(line, u)
	case "_ENV":
		if u.args != "" {
			return one(p.opt.Env[u.args])
		}
	}
	return param{}, false
}

// randomParam gives ${_RANDOM [MIN [MAX]]}: 0 to 32767 unless told otherwise.
func (p *parser) randomParam(line text, u use) (param, bool) {
	low, high := uint64(0), uint64(32767)
	args := strings.Fields(u.args)
	for i, bound := range []*uint64{&low, &high} {
		if i >= len(args) {
			break
		}
		n, err := strconv.ParseUint(args[i], 10, 31)
		if err != nil {
			return param{}, false
		}
		*bound = n
	}
	if len(args) > 2 {
		return param{}, false
	}
	if high < low {
		low, high = high, low
	}
	n := low + p.random.Uint64N(high-low+1)
	return param{lines: []text{line.at(u.i, strconv.FormatUint(n, 10))}}, true
}

// spend counts a line made by expansion and tells whether the bounds still hold.
func (p *parser) spend(line text) bool {
	p.expanded++
	p.exBytes += len(line.s)
	if p.stop {
		return false
	}
	if p.expanded > maxExpanded || p.exBytes > maxExpandBytes {
		p.stop = true
		p.errorText(line, CodeLimit, "loops and parameters make more than %d lines or %d MiB", maxExpanded, maxExpandBytes>>20)
		return false
	}
	return true
}
