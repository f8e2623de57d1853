package confparse

import (
	"fmt"
	"strconv"
	"strings"
)

// rootSetting reads one setting at top level and what may follow it on its line.
func (p *parser) rootSetting() {
	p.errs, p.unwind, p.closers = 0, false, p.closers[:0]
	p.suspect, p.longStr = Pos{}, Pos{}
	p.last = nil
	s := p.src
	if !p.setting(&p.tree.Settings, p.names) {
		p.resync(0)
		return
	}
	if p.unwind || p.src != s {
		return
	}
	end := s.off
	p.skipSource()
	if s.eof() || strings.IndexByte(s.text[end:s.off], '\n') >= 0 || s.text[s.off] == '!' || p.settingAhead() {
		return
	}
	p.unexpected("a line end or another setting after the value")
	p.resync(0)
}

// setting reads `name = value` with the separator that may follow, and appends it to
// list. Names are what the same group has set so far. It returns false after an error
// that leaves the text behind it unread.
func (p *parser) setting(list *[]*Setting, names map[string]Pos) bool {
	s, start := p.src, p.src.off
	n := nameLen(s.text[start:])
	set := &Setting{Pos: s.pos(start), Name: s.text[start : start+n]}
	p.noteSuspect(s, start, set.Pos)
	s.off += n
	switch c := p.skip(); {
	case c == '=' || c == ':':
		p.src.off++
	case c == '+' && p.follows("+="):
		p.errorAt(spot{p.src, p.src.off, 2}, CodeSyntax, "'+=' is no operator, settings are written with '=' or ':'")
		p.src.off += 2
		if p.value(&set.Value, set.Name) {
			p.terminator()
			return true
		}
		return false
	case len(p.closers) > 0 && p.suspect == set.Pos:
		p.src, s.off = s, start
		p.unexpected("a setting name or '}'")
		return false
	default:
		p.unexpected(fmt.Sprintf("'=' or ':' after %q", set.Name))
		return false
	}
	if !p.value(&set.Value, set.Name) {
		return false
	}
	p.terminator()
	if first, twice := names[set.Name]; twice {
		p.hintAt(spot{s, start, n}, CodeDuplicate, fmt.Sprintf("it is first set at %v", first),
			"%q is set twice", set.Name)
		return true
	}
	names[set.Name] = set.Pos
	*list = append(*list, set)
	return true
}

// terminator skips the one ';' or ',' that may follow a setting.
func (p *parser) terminator() {
	if p.unwind {
		return
	}
	off := p.src.off
	p.skipSource()
	if !p.src.eof() && (p.src.text[p.src.off] == ';' || p.src.text[p.src.off] == ',') {
		p.src.off++
		return
	}
	p.src.off = off
}

// value reads the value of the setting with that name, or an element of an array or list.
func (p *parser) value(v *Value, name string) bool {
	c := p.skip()
	if c != 0 {
		v.Pos = p.src.pos(p.src.off)
	}
	switch {
	case c == '{':
		return p.nested(v, '}', p.group)
	case c == '(':
		return p.nested(v, ')', p.list)
	case c == '[':
		return p.nested(v, ']', p.array)
	case c == '"':
		return p.stringValue(v)
	case isDigit(c) || c == '-' || c == '+' || c == '.':
		return p.number(v)
	case isLetter(c) && p.boolean(v):
		return true
	}
	want := "a value for " + strconv.Quote(name)
	if name == "" {
		want = fmt.Sprintf("a value or '%c'", p.closers[len(p.closers)-1])
	}
	p.unexpected(want)
	return false
}

// nested reads a bracketed value with the function that knows its inside.
func (p *parser) nested(v *Value, closer byte, inside func(*Value) bool) bool {
	s, open := p.src, p.src.off
	if len(p.closers) >= maxNesting {
		p.errorAt(spot{s, open, 1}, CodeLimit, "brackets are nested more than %d deep", maxNesting)
		p.stop = true
		return false
	}
	s.off++
	p.closers = append(p.closers, closer)
	closed := inside(v)
	p.closers = p.closers[:len(p.closers)-1]
	if !closed && p.errs == 0 && !p.stop {
		hint := ""
		if p.suspect != (Pos{}) {
			hint = fmt.Sprintf("is it missing before %v?", p.suspect)
		}
		p.hintAt(spot{s, open, 1}, CodeSyntax, hint, "the file ends before the '%c' that closes this", closer)
	}
	return closed && !p.unwind
}

// group reads settings up to the brace that closes the group.
func (p *parser) group(v *Value) bool {
	v.Kind = Group
	names := map[string]Pos{}
	for {
		c := p.skip()
		switch {
		case c == 0:
			return false
		case c == '}':
			p.src.off++
			return true
		case nameLen(p.src.text[p.src.off:]) > 0:
			if p.setting(&v.Group, names) {
				continue
			}
		default:
			p.unexpected("a setting name or '}'")
		}
		if done, ok := p.recover('}'); done {
			return ok
		}
	}
}

// list reads values of any kind up to the parenthesis that closes the list.
func (p *parser) list(v *Value) bool {
	v.Kind = List
	return p.elements(v, ')', nil)
}

// array reads scalars of one kind up to the bracket that closes the array.
func (p *parser) array(v *Value) bool {
	v.Kind = Array
	return p.elements(v, ']', func(s *source, off int, e Value) {
		switch {
		case e.Kind == Array || e.Kind == List || e.Kind == Group:
			p.hintAt(spot{s, off, 1}, CodeSyntax, "a list ( ) may hold them", "an array holds no arrays, lists or groups")
		case e.Kind != v.Elems[0].Kind:
			p.hintAt(spot{s, off, p.width(s, off)}, CodeSyntax, "a list ( ) may mix them", "the elements of an array are of one type")
		}
	})
}

// elements reads values with commas between them up to the closer. One or more commas
// may also follow the last one.
func (p *parser) elements(v *Value, closer byte, check func(*source, int, Value)) bool {
	for {
		c := p.skip()
		s, off := p.src, p.src.off
		switch {
		case c == 0:
			return false
		case c == closer:
			s.off++
			return true
		case c == ',' && len(v.Elems) > 0:
			s.off++
			continue
		}
		var e Value
		ok := p.value(&e, "")
		if ok {
			v.Elems = append(v.Elems, e)
			if check != nil {
				check(s, off, e)
			}
			if c = p.skip(); c == ',' || c == closer || c == 0 {
				continue
			}
			p.unexpected(fmt.Sprintf("',' or '%c' after the element", closer))
		}
		if done, ok := p.recover(closer); done {
			return ok
		}
	}
}
