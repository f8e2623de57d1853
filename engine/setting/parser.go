package setting

import "strings"

// parser reads the items of a SET statement, one token ahead.
type parser struct {
	lex lexer
	tok token
	st  Statement
}

func (p *parser) next() { p.tok = p.lex.next() }

// word takes the next token if it is this word, in any letter case.
func (p *parser) word(w string) bool {
	if p.tok.kind != tokWord || !strings.EqualFold(p.tok.text, w) {
		return false
	}
	p.next()
	return true
}

func (p *parser) symbol(c byte) bool {
	if p.tok.kind != tokSymbol || p.tok.text[0] != c {
		return false
	}
	p.next()
	return true
}

// special deals with the statements that are no list of assignments.
func (p *parser) special() (Verdict, bool) {
	switch {
	case p.word("password"), p.word("statement"):
		return Forward, true
	case p.word("transaction"):
		if p.transaction(false) {
			return Once, true
		}
		return Opaque, true
	case p.globalVariable(), p.word("global"), p.word("persist"), p.word("persist_only"):
		if p.onlyGlobal() {
			return Forward, true
		}
		return Opaque, true
	}
	return 0, false
}

// globalVariable reports whether a system variable of the whole server comes next.
func (p *parser) globalVariable() bool {
	scope, _, _ := strings.Cut(strings.ToLower(p.tok.text), ".")
	return p.tok.kind == tokSystem && (scope == "global" || scope == "persist" || scope == "persist_only")
}

// onlyGlobal reports whether the rest is one assignment: a list may go on with a session variable.
func (p *parser) onlyGlobal() bool {
	for p.tok.kind != tokEnd {
		if p.tok.kind == tokSymbol && (p.tok.text == "," || p.tok.text == ";") || p.tok.kind == tokBad {
			return false
		}
		p.next()
	}
	return true
}

// item reads one assignment.
func (p *parser) item() bool {
	if p.word("names") {
		return p.names()
	}
	if p.word("charset") || p.word("character") && p.word("set") {
		return p.charset()
	}
	name, scoped, ok := p.target()
	if !ok {
		return false
	}
	if name == "transaction" && scoped {
		return p.transaction(true)
	}
	p.symbol(':')
	if !p.symbol('=') {
		return false
	}
	return p.assign(name, scoped)
}

// target reads the name of a variable; scoped is false for the forms that mean the next transaction only, where the
// variable is one of the transaction's.
func (p *parser) target() (name string, scoped, ok bool) {
	scoped = true
	switch {
	case p.tok.kind == tokSystem: // @@name, @@session.name
		name = strings.ToLower(p.tok.text)
		p.next()
		scope, rest, dotted := strings.Cut(name, ".")
		if !dotted {
			return name, false, true
		}
		return rest, true, scope == "session" || scope == "local"
	case p.word("session"), p.word("local"):
	}
	if p.tok.kind != tokWord {
		return "", false, false
	}
	name = strings.ToLower(p.tok.text)
	p.next()
	return name, scoped, true
}

// assign reads the value of a variable.
func (p *parser) assign(name string, scoped bool) bool {
	if name == "autocommit" {
		return p.autocommit()
	}
	if ignored[name] {
		_, ok := p.value(text)
		return ok
	}
	i := find(name)
	if i < 0 {
		return false
	}
	v := &variables[i]
	if (v.name == isolation || v.name == readOnly) && !scoped {
		return false
	}
	value, ok := p.value(v.kind)
	if !ok && v.name == sqlMode {
		value, ok = p.modeExpression()
	}
	if ok {
		if v.name == trackGTIDs && strings.EqualFold(value, "'ALL_GTIDS'") {
			value = ownGTID // as upstream has it: those of others are of no use through a pool
		}
		if strings.HasPrefix(v.name, "character_set_") && !strings.EqualFold(value, "null") {
			p.st.Charset = strings.Trim(value, "'")
		}
		p.st.assignments = append(p.st.assignments, assignment{variable: i, value: value})
	}
	return ok
}

func (p *parser) autocommit() bool {
	value, ok := p.value(boolean)
	switch value {
	case "":
		value = "1"
	case "OFF":
		value = "0"
	case "ON":
		value = "1"
	}
	p.st.assignments = append(p.st.assignments, assignment{what: assignAutocommit, value: value})
	return ok
}

// names reads what follows NAMES.
func (p *parser) names() bool {
	charset, ok := p.name()
	if !ok {
		return false
	}
	value := charset
	if strings.EqualFold(charset, "default") {
		charset, value = "", ""
	}
	if p.word("collate") {
		collation, ok := p.name()
		if !ok || charset == "" {
			return false
		}
		value += " COLLATE " + collation
	}
	p.st.Charset, p.st.SetsNames = charset, true
	p.st.assignments = append(p.st.assignments, assignment{what: assignNames, value: value})
	return true
}

// charset reads what follows CHARACTER SET.
func (p *parser) charset() bool {
	charset, ok := p.name()
	if !ok {
		return false
	}
	p.st.SetsNames = true
	if !strings.EqualFold(charset, "default") {
		p.st.Charset = charset
	}
	p.st.assignments = append(p.st.assignments, assignment{what: assignNames, value: characterSet + charset})
	return true
}

// name reads a bare or quoted name of a character set or collation, in lower case.
func (p *parser) name() (string, bool) {
	if p.tok.kind != tokWord && p.tok.kind != tokString {
		return "", false
	}
	name := strings.ToLower(strings.Trim(p.tok.text, "'"))
	p.next()
	for i := range len(name) {
		if !isWord(name[i]) {
			return "", false
		}
	}
	return name, name != ""
}
