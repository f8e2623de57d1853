package setting

// Verdict says what to do with a SET statement.
type Verdict byte

const (
	// Track: the assignments are all that there is to the statement; it can be acknowledged without a server.
	Track Verdict = iota
	// Once: the statement concerns the next transaction only, and has to be sent before it.
	Once
	// Forward: the statement leaves no trace in the session (SET GLOBAL, SET PASSWORD, SET STATEMENT … FOR).
	Forward
	// Opaque: the statement is not understood; the session is bound to the connection that executes it.
	Opaque
)

// Statement is a SET statement as far as it is understood.
type Statement struct {
	Verdict     Verdict
	Charset     string // set by NAMES, CHARACTER SET or a character_set variable, for a check that it exists; "" without
	SetsNames   bool   // there was a NAMES or CHARACTER SET
	assignments []assignment
}

// target is what an assignment changes.
type target byte

const (
	assignVariable target = iota
	assignNames
	assignAutocommit
)

// assignment is one part of a SET statement. An empty value is the server's default.
type assignment struct {
	what     target
	variable int
	value    string
}

// ownMode stands in a value for the session's own sql_mode at the time of the statement. No SQL text contains it.
const ownMode = "\x00mode\x00"

// characterSet begins the value of an assignNames that was no NAMES.
const characterSet = "CHARACTER SET "

// Autocommit gives the value the statement sets autocommit to; ok is false where it does not.
func (s *Statement) Autocommit() (on, ok bool) {
	for _, a := range s.assignments {
		if a.what == assignAutocommit {
			on, ok = a.value == "1", true
		}
	}
	return on, ok
}

// Parse reads a statement that begins with SET, comments left aside. It never fails: what it does not understand is Opaque.
func Parse(query []byte) *Statement {
	p := parser{lex: lexer{q: unwrap(query)}}
	p.next()
	if !p.word("set") {
		return &Statement{Verdict: Opaque}
	}
	st := &p.st
	if v, ok := p.special(); ok {
		st.Verdict = v
		return st
	}
	for ok := true; ok; ok = p.symbol(',') {
		if !p.item() {
			return &Statement{Verdict: Opaque}
		}
	}
	p.symbol(';')
	if p.tok.kind != tokEnd {
		return &Statement{Verdict: Opaque}
	}
	return st
}
