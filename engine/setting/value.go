package setting

import "strings"

// value reads the value of a variable of some kind as SQL in one spelling; "" for DEFAULT.
func (p *parser) value(k kind) (string, bool) {
	if p.word("default") {
		return "", true
	}
	t := p.tok
	switch {
	case t.kind == tokNumber && k != charsetName:
		p.next()
		if k == boolean {
			return onOff(t.text)
		}
		return t.text, true
	case t.kind == tokSymbol && t.text == "-" && k != charsetName && k != boolean:
		p.next()
		n := p.tok
		p.next()
		return "-" + n.text, n.kind == tokNumber
	case t.kind == tokString && k != number:
		p.next()
		if k == boolean {
			return onOff(strings.Trim(t.text, "'"))
		}
		return t.text, true
	case t.kind == tokWord && k == boolean:
		p.next()
		return onOff(t.text)
	case t.kind == tokWord && k == number:
		return "", false
	case t.kind == tokWord:
		if p.lex.peek() == '(' {
			return "", false // a function
		}
		p.next()
		return word(t.text, k), true
	}
	return "", false
}

// word gives a bare word as a value: NULL is no name.
func word(w string, k kind) string {
	if strings.EqualFold(w, "null") {
		return "NULL"
	}
	if k == charsetName {
		return strings.ToLower(w)
	}
	return "'" + w + "'"
}

// onOff gives a boolean in one spelling. Numbers other than 0 and 1 are values of their own (query_cache_type=2).
func onOff(v string) (string, bool) {
	switch strings.ToLower(v) {
	case "on", "true", "1":
		return "ON", true
	case "off", "false", "0":
		return "OFF", true
	case "2", "demand":
		return v, true
	}
	return "", false
}

// modeExpression reads what drivers do to sql_mode: CONCAT and REPLACE of strings and of the session's own @@sql_mode.
func (p *parser) modeExpression() (string, bool) {
	switch t := p.tok; {
	case t.kind == tokString:
		p.next()
		return t.text, true
	case t.kind == tokSystem && (strings.EqualFold(t.text, "sql_mode") || strings.EqualFold(t.text, "session.sql_mode")):
		p.next()
		return ownMode, true
	case p.word("concat"):
		return p.modeCall("CONCAT(")
	case p.word("replace"):
		return p.modeCall("REPLACE(")
	}
	return "", false
}

func (p *parser) modeCall(call string) (string, bool) {
	if !p.symbol('(') {
		return "", false
	}
	for first := true; first || p.symbol(','); first = false {
		arg, ok := p.modeExpression()
		if !ok {
			return "", false
		}
		if !first {
			call += ","
		}
		call += arg
		if len(call) > 8192 { // nesting that a driver never comes to
			return "", false
		}
	}
	return call + ")", p.symbol(')')
}

// transaction reads the characteristics behind [SESSION] TRANSACTION. With track they are assigned, without only checked.
func (p *parser) transaction(track bool) bool {
	for first := true; first || p.symbol(','); first = false {
		switch {
		case p.word("isolation"):
			if !p.word("level") {
				return false
			}
			level, ok := p.level()
			if !ok {
				return false
			}
			p.track(track, isolation, level)
		case p.word("read"):
			value := "ON"
			if p.word("write") {
				value = "OFF"
			} else if !p.word("only") {
				return false
			}
			p.track(track, readOnly, value)
		default:
			return false
		}
	}
	if !track {
		p.symbol(';')
		return p.tok.kind == tokEnd
	}
	return true
}

func (p *parser) track(track bool, name, value string) {
	if track {
		p.st.assignments = append(p.st.assignments, assignment{variable: find(name), value: value})
	}
}

func (p *parser) level() (string, bool) {
	switch {
	case p.word("serializable"):
		return "'SERIALIZABLE'", true
	case p.word("repeatable"):
		return "'REPEATABLE-READ'", p.word("read")
	case p.word("read"):
		if p.word("committed") {
			return "'READ-COMMITTED'", true
		}
		return "'READ-UNCOMMITTED'", p.word("uncommitted")
	}
	return "", false
}
