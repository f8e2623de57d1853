package proxy

import (
	"bytes"

	"github.com/keepsql/keepsql/engine/digest"
)

// sticky is the set of reasons why a server connection cannot serve other sessions: upstream's bits, as status_flags of
// the processlist shows them, and from 0x10000 on our own.
type sticky uint32

const (
	stickyUserVariable sticky = 0x4
	stickyPrepared     sticky = 0x8 // PREPARE … FROM
	stickyLockTables   sticky = 0x10
	stickyTemporary    sticky = 0x20
	stickyGetLock      sticky = 0x40
	stickyNoMultiplex  sticky = 0x80
	stickyFoundRows    sticky = 0x200
	stickyHostgroup    sticky = 0x400 // the hostgroup has multiplex=0
	stickySavepoint    sticky = 0x800
	stickyWarnings     sticky = 0x1000
	stickyHandler      sticky = 0x10000 // HANDLER … OPEN
	stickyXA           sticky = 0x20000
	stickyOption       sticky = 0x40000  // COM_SET_OPTION
	stickyCursor       sticky = 0x80000  // open on a prepared statement
	stickyUnknown      sticky = 0x100000 // something happened that may have left anything behind
	stickySet          sticky = 0x200000 // a SET that is not followed, or a fast_forward session: any variable may be changed
)

// stickyOnce is a SET TRANSACTION that no transaction may have used up yet: SELECT 1 does not.
const stickyOnce sticky = 0x400000

// stickyRoutine is a routine after which the server told of changes that are no variables: temporary tables, user variables.
const stickyRoutine sticky = 0x800000

// harmless are the reasons that leave nothing on the server for the next session to find.
const stickyHarmless = stickyNoMultiplex | stickyFoundRows | stickyHostgroup | stickyWarnings | stickySavepoint

// after works out the reasons that hold when a statement was executed, or failed.
func (f sticky) after(st *statement, warnings, inTrx, failed bool) sticky {
	if st.class != digest.CommandShow {
		f &^= stickyFoundRows | stickyWarnings
	}
	if warnings {
		f |= stickyWarnings
	}
	if !inTrx {
		f &^= stickySavepoint
	} else {
		f &^= stickyOnce
	}
	f = f.byTraits(st)
	if failed && st.traits&traitSeveral == 0 {
		return f
	}
	for text := st.text; len(text) > 0; {
		part, rest, _ := bytes.Cut(text, []byte(";"))
		if f = f.byWords(part); st.traits&traitSeveral != 0 && beginsWith(part, "set ") {
			f |= stickySet
		}
		text = bytes.TrimLeft(rest, " ")
	}
	return f
}

func (f sticky) byTraits(st *statement) sticky {
	if st.opaque {
		f |= stickySet
	}
	if st.traits&traitUserVariable != 0 && st.multiplex != 2 {
		f |= stickyUserVariable
	}
	if st.traits&traitGetLock != 0 {
		f |= stickyGetLock
	}
	if st.traits&traitReleaseLocks != 0 {
		f &^= stickyGetLock
	}
	if st.traits&traitFoundRows != 0 {
		f |= stickyFoundRows
	}
	switch st.multiplex {
	case 0:
		f |= stickyNoMultiplex
	case 1:
		f &^= stickyNoMultiplex
	}
	return f
}

// byWords looks at how a statement begins. What ends such a reason is in held.go.
func (f sticky) byWords(text []byte) sticky {
	if len(text) == 0 {
		return f
	}
	switch text[0] | 0x20 {
	case 'c':
		if beginsWith(text, "create temporary ") || beginsWith(text, "create or replace temporary ") {
			f |= stickyTemporary
		}
	case 'l':
		if beginsWith(text, "lock table") || beginsWith(text, "lock instance") {
			f |= stickyLockTables
		}
	case 'b':
		if beginsWith(text, "backup stage start") || beginsWith(text, "backup lock") {
			f |= stickyLockTables
		}
	case 'f':
		if beginsWith(text, "flush table") && bytes.Contains(bytes.ToLower(text), []byte("with read lock")) {
			f |= stickyLockTables
		}
	case 'p':
		if beginsWith(text, "prepare ") {
			f |= stickyPrepared
		}
	case 's':
		if beginsWith(text, "savepoint ") {
			f |= stickySavepoint
		}
	case 'e':
		if beginsWith(text, "execute immediate") {
			f |= stickyPrepared
		}
	case 'h':
		if beginsWith(text, "handler ") {
			f |= stickyHandler
		}
	case 'x':
		f = f.byXA(text)
	}
	return f
}

func (f sticky) byXA(text []byte) sticky {
	switch {
	case beginsWith(text, "xa commit"), beginsWith(text, "xa rollback"):
		return f &^ stickyXA
	case beginsWith(text, "xa "):
		return f | stickyXA
	}
	return f
}

// countedOn is the hostgroup of the last SELECT SQL_CALC_FOUND_ROWS, -1 where another statement came after it there.
func (s *session) countedOn() int {
	for i := range s.backends {
		if s.backends[i].flags&stickyFoundRows != 0 {
			return s.backends[i].hostgroup
		}
	}
	return -1
}
