package proxy

import (
	"bytes"
	"strings"
)

// held are the names of what a session has on a server connection, so that the connection is shared again when the last of
// it was dropped. Only statements that make or drop such things are looked at.
type held struct {
	tables   heldNames // temporary ones, with their schema
	locks    heldNames // of GET_LOCK
	prepared heldNames // by PREPARE
	handlers heldNames
	stages   heldNames // LOCK TABLES, FLUSH … WITH READ LOCK, backup stages
}

// heldNames is a set of names. Where unknown is set there is more than the names tell, until the connection is reset.
type heldNames struct {
	list    []string
	unknown bool
}

// maxHeld bounds a set; what does not fit makes it unknown.
const maxHeld = 64

func (h *heldNames) add(name string) {
	for _, n := range h.list {
		if n == name {
			return
		}
	}
	if name == "" || len(name) > 256 || len(h.list) >= maxHeld {
		h.unknown = true
		return
	}
	h.list = append(h.list, name)
}

func (h *heldNames) remove(name string) {
	for i, n := range h.list {
		if n == name {
			h.list = append(h.list[:i], h.list[i+1:]...)
			return
		}
	}
}

// empty reports whether nothing is left for certain.
func (h *heldNames) empty() bool { return len(h.list) == 0 && !h.unknown }

// heldFlags are the reasons that held tells more about.
const heldFlags = stickyTemporary | stickyGetLock | stickyPrepared | stickyHandler | stickyLockTables

// hold notes what an executed statement made or dropped, and takes back reasons that hold no longer. failed statements are
// taken to have made what they could and dropped nothing.
func (b *backend) hold(st *statement, schema string, failed bool) {
	if b.flags&heldFlags == 0 {
		return
	}
	if b.held == nil {
		b.held = &held{}
	}
	h := b.held
	if st.traits&traitReleaseLocks != 0 && !failed {
		h.locks = heldNames{}
	}
	if st.traits&traitGetLock != 0 {
		h.holdLocks(st)
	}
	if st.traits&traitSeveral != 0 {
		h.unclear(b.flags)
		return
	}
	if !failed {
		h.note(st, schema)
		b.flags &^= h.gone()
	}
}

// unclear gives up on names of what several statements in one may have made.
func (h *held) unclear(f sticky) {
	h.tables.unknown = h.tables.unknown || f&stickyTemporary != 0
	h.prepared.unknown = h.prepared.unknown || f&stickyPrepared != 0
	h.handlers.unknown = h.handlers.unknown || f&stickyHandler != 0
	h.stages.unknown = h.stages.unknown || f&stickyLockTables != 0
}

// gone are the reasons for which nothing is left.
func (h *held) gone() (f sticky) {
	if h.tables.empty() {
		f |= stickyTemporary
	}
	if h.prepared.empty() {
		f |= stickyPrepared
	}
	if h.handlers.empty() {
		f |= stickyHandler
	}
	if h.stages.empty() {
		f |= stickyLockTables
	}
	return f
}

// note looks at how a statement begins.
func (h *held) note(st *statement, schema string) {
	text := st.text
	if len(text) == 0 {
		return
	}
	switch text[0] | 0x20 {
	case 'c', 'd', 'a', 'r', 'p', 'h', 'e':
		w := wordsOf(st.sql)
		switch w.verb() {
		case "create":
			h.create(w, schema)
		case "drop":
			h.drop(w, schema)
		case "alter", "rename":
			h.tables.unknown = h.tables.unknown || len(h.tables.list) > 0 && bytes.Contains(bytes.ToLower(text), []byte("rename"))
		case "deallocate":
			if w.skip("prepare") {
				h.prepared.remove(strings.ToLower(w.next()))
			}
		case "prepare":
			h.prepare(w, strings.ToLower(w.next()))
		case "execute":
			if w.skip("immediate") && !plainLiteral(w.rest) {
				h.prepared.unknown = true
			}
		case "handler":
			h.handler(w)
		}
	case 'l', 'u', 'f', 'b', 's':
		h.stage(text)
	}
}

// create notes CREATE [OR REPLACE] TEMPORARY TABLE [IF NOT EXISTS] name.
func (h *held) create(w *words, schema string) {
	if w.skip("or") {
		w.skip("replace")
	}
	if !w.skip("temporary") {
		return
	}
	if !w.skip("table") {
		h.tables.unknown = true
		return
	}
	if w.skip("if") {
		w.skip("not")
		w.skip("exists")
	}
	h.tables.add(w.table(schema))
}

// drop notes DROP [TEMPORARY] TABLE[S] [IF EXISTS] name, … and DROP PREPARE name.
func (h *held) drop(w *words, schema string) {
	if w.skip("prepare") {
		h.prepared.remove(strings.ToLower(w.next()))
		return
	}
	w.skip("temporary")
	if !w.skip("table") && !w.skip("tables") {
		return
	}
	if w.skip("if") {
		w.skip("exists")
	}
	for more := true; more; more = w.skip(",") {
		h.tables.remove(w.table(schema))
	}
}

// prepare notes PREPARE name FROM …: of statements that leave something behind, more than their names would have to be known.
func (h *held) prepare(w *words, name string) {
	w.skip("from")
	if !plainLiteral(w.rest) {
		h.prepared.unknown = true
	}
	h.prepared.add(name)
}

// plainLiteral reports whether a text is a string with a statement in it that leaves nothing behind.
func plainLiteral(text string) bool {
	text = strings.TrimRight(strings.TrimSpace(text), "; \t\r\n")
	if len(text) < 2 || text[0] != '\'' && text[0] != '"' || text[len(text)-1] != text[0] {
		return false
	}
	inner := []byte(text[1 : len(text)-1])
	for _, verb := range []string{"select ", "insert ", "update ", "delete ", "replace ", "show "} {
		if beginsWith(inner, verb) {
			return traitsOf(inner)&^(traitLocking|traitInsertID|traitInto) == 0
		}
	}
	return false
}

// handler notes HANDLER table OPEN [[AS] name] and HANDLER name CLOSE.
func (h *held) handler(w *words) {
	name := w.table("")
	switch {
	case w.skip("open"):
		w.skip("as")
		if as := w.next(); as != "" {
			name = "." + as
		}
		_, name, _ = strings.Cut(name, ".")
		h.handlers.add("." + name)
	case w.skip("close"):
		h.handlers.remove(name)
	}
}

// stage notes what locks more than rows.
func (h *held) stage(text []byte) {
	switch {
	case beginsWith(text, "lock table"):
		h.stages.add("tables")
	case beginsWith(text, "begin") && !beginsWith(text, "begin not"), beginsWith(text, "start transaction"): // ends LOCK TABLES
		h.stages.remove("tables")
	case beginsWith(text, "unlock tables"):
		h.stages.remove("tables")
		h.stages.remove("flush")
	case beginsWith(text, "flush table") && bytes.Contains(bytes.ToLower(text), []byte("with read lock")):
		h.stages.add("flush")
	case beginsWith(text, "lock instance"):
		h.stages.add("instance")
	case beginsWith(text, "unlock instance"):
		h.stages.remove("instance")
	case beginsWith(text, "backup lock"):
		h.stages.add("backup lock")
	case beginsWith(text, "backup unlock"):
		h.stages.remove("backup lock")
	case beginsWith(text, "backup stage end"):
		h.stages.remove("backup stage")
	case beginsWith(text, "backup stage"):
		h.stages.add("backup stage")
	}
}

// namedIn reports whether a statement has one of the names in it, whatever the schema.
func (h *heldNames) namedIn(sql []byte) bool {
	text := bytes.ToLower(sql)
	for _, name := range h.list {
		if _, table, ok := bytes.Cut([]byte(name), []byte(".")); ok && hasWord(text, bytes.ToLower(table)) {
			return true
		}
	}
	return false
}

// hasWord reports whether text has a word in it that is not a part of another one.
func hasWord(text, word []byte) bool {
	for at := 0; len(word) > 0; {
		i := bytes.Index(text[at:], word)
		if i < 0 {
			return false
		}
		at += i
		end := at + len(word)
		if (at == 0 || !wordByte(text[at-1])) && (end == len(text) || !wordByte(text[end])) {
			return true
		}
		at++
	}
	return false
}
