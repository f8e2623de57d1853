package proxy

import "bytes"

// trait is a set of things that a digest text contains and that matter beyond the class of the statement.
type trait uint16

const (
	traitLocking      trait = 1 << iota // FOR UPDATE, FOR SHARE, LOCK IN SHARE MODE
	traitInto                           // INTO
	traitGetLock                        // GET_LOCK(
	traitReleaseLocks                   // RELEASE_ALL_LOCKS(
	traitReleaseLock                    // RELEASE_LOCK(
	traitAskFoundRows                   // FOUND_ROWS(
	traitFoundRows                      // SQL_CALC_FOUND_ROWS
	traitInsertID                       // LAST_INSERT_ID(
	traitUserVariable                   // @name, not @@name, not user@host
	traitSeveral                        // a semicolon: more than one statement
	traitDiagnostics                    // asks how the last statement ended
	traitAutocommit                     // @@autocommit
)

// phrases are what makes a trait, in lower case, found at the beginning of a word.
var phrases = []struct {
	text  string
	trait trait
}{
	{"for update", traitLocking},
	{"for share", traitLocking},
	{"lock in share mode", traitLocking},
	{"into ", traitInto},
	{"get_lock(", traitGetLock},
	{"get_lock (", traitGetLock},
	{"release_all_locks(", traitReleaseLocks},
	{"release_all_locks (", traitReleaseLocks},
	{"release_lock(", traitReleaseLock},
	{"release_lock (", traitReleaseLock},
	{"found_rows(", traitAskFoundRows},
	{"found_rows (", traitAskFoundRows},
	{"row_count(", traitDiagnostics},
	{"row_count (", traitDiagnostics},
	{"get diagnostics", traitDiagnostics},
	{"sql_calc_found_rows", traitFoundRows},
	{"last_insert_id(", traitInsertID},
	{"last_insert_id (", traitInsertID},
}

// byLetter lists the phrases by their first letter.
var byLetter = func() (t [26][]int) {
	for i, p := range phrases {
		t[p.text[0]-'a'] = append(t[p.text[0]-'a'], i)
	}
	return t
}()

// traitsOf goes over a digest text once. It does not allocate.
func traitsOf(text []byte) trait {
	var found trait
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case c|0x20-'a' < 26:
			for _, n := range byLetter[c|0x20-'a'] {
				if beginsWith(text[i:], phrases[n].text) {
					found |= phrases[n].trait
				}
			}
			for i+1 < len(text) && wordByte(text[i+1]) {
				i++
			}
		case c == '@':
			switch {
			case i+1 < len(text) && text[i+1] == '@':
				i++
				found |= systemVariable(text[i+1:])
			case isUserVariable(text, i):
				found |= traitUserVariable
			}
		case c == ';':
			found |= traitSeveral
		}
	}
	return found
}

// systemVariable is what matters of a variable behind @@.
func systemVariable(name []byte) trait {
	for _, scope := range []string{"session.", "local."} {
		if beginsWith(name, scope) {
			name = name[len(scope):]
			break
		}
	}
	switch {
	case beginsWith(name, "last_insert_id"), beginsWith(name, "identity"):
		return traitInsertID
	case beginsWith(name, "warning_count"), beginsWith(name, "error_count"):
		return traitDiagnostics
	case beginsWith(name, "autocommit"):
		return traitAutocommit
	}
	return 0
}

// beginsWith compares the beginning of text with a phrase in lower case, in any letter case.
func beginsWith(text []byte, phrase string) bool {
	if len(text) < len(phrase) {
		return false
	}
	for i := range len(phrase) {
		c := text[i]
		if c-'A' < 26 {
			c += 'a' - 'A'
		}
		if c != phrase[i] {
			return false
		}
	}
	return true
}

// changesTables reports whether a statement may change a table or view that others know of.
func (st *statement) changesTables() bool {
	for text := st.text; len(text) > 0; {
		part, rest, several := bytes.Cut(text, []byte(";"))
		verb, _, _ := bytes.Cut(part, []byte(" "))
		switch len(verb) {
		case len("drop"), len("alter"), len("create"):
			object := part[min(len(part), len(verb)+1):]
			change := beginsWith(verb, "drop") || beginsWith(verb, "alter") || beginsWith(verb, "create") || beginsWith(verb, "rename")
			if change && !beginsWith(object, "temporary ") && !beginsWith(object, "or replace temporary ") {
				return true
			}
		}
		if !several {
			break
		}
		text = bytes.TrimLeft(rest, " ")
	}
	return false
}

func wordByte(c byte) bool { return c|0x20-'a' < 26 || c-'0' < 10 || c == '_' || c == '$' }

// isUserVariable tells @name from @@name and from the name of an account.
func isUserVariable(text []byte, at int) bool {
	if at > 0 {
		if p := text[at-1]; p == '@' || p == '?' || p == '`' || wordByte(p) {
			return false
		}
	}
	if at+1 == len(text) {
		return false
	}
	n := text[at+1]
	return wordByte(n) || n == '`' || n == '?' || n == '.' || n >= 0x80
}
