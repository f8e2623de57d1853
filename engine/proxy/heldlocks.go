package proxy

import (
	"fmt"
	"strings"

	"github.com/keepsql/keepsql/engine/wire"
)

// holdLocks notes the names in calls of GET_LOCK.
func (h *held) holdLocks(st *statement) {
	const call = "get_lock"
	sql := string(st.sql)
	lower := strings.ToLower(sql)
	if len(lower) != len(sql) {
		h.locks.unknown = true
		return
	}
	for from := 0; ; {
		at := strings.Index(lower[from:], call)
		if at < 0 {
			return
		}
		from += at + len(call)
		arg, ok := strings.CutPrefix(strings.TrimLeft(sql[from:], " \t\r\n"), "(")
		if !ok {
			continue // no call
		}
		name, ok := lockName(strings.TrimLeft(arg, " \t\r\n"))
		if !ok && st.client != nil && strings.HasPrefix(strings.TrimLeft(arg, " \t\r\n"), "?") && !strings.Contains(sql[:from], "?") {
			name, ok = st.firstText()
		}
		if !ok {
			h.locks.unknown = true
			return
		}
		h.locks.add(name)
	}
}

// lockName reads a string literal that means what it shows.
func lockName(arg string) (string, bool) {
	if arg == "" || arg[0] != '\'' && arg[0] != '"' {
		return "", false
	}
	name, rest, ok := strings.Cut(arg[1:], arg[:1])
	return name, ok && plainName(name) && !strings.HasPrefix(rest, arg[:1])
}

func plainName(name string) bool { return name != "" && !strings.ContainsAny(name, "'\"\\\x00") }

// firstText is the first parameter of an execution, if it is a short text.
func (st *statement) firstText() (string, bool) {
	cs, p := st.client, st.payload
	if st.command != wire.ComStmtExecute || len(cs.long) > 0 {
		return "", false
	}
	flag, size := cs.paramTypes(p)
	if flag == 0 || len(cs.types) < 2 || cs.types[0] != wire.TypeVarString && cs.types[0] != wire.TypeString || p[10]&1 != 0 {
		return "", false
	}
	value := p[flag+1:]
	if p[flag] != 0 {
		value = value[size:]
	}
	if len(value) == 0 || value[0] > 250 || len(value) < 1+int(value[0]) {
		return "", false
	}
	name := string(value[1 : 1+value[0]])
	return name, plainName(name)
}

// checkLocks asks the server which locks the session still has, after it has released one.
func (s *session) checkLocks(b *backend) {
	h := b.held
	if h == nil || h.locks.unknown || b.flags&stickyGetLock == 0 || b.flags&(stickyFoundRows|stickyWarnings) != 0 {
		return // asking would change what the session may ask for next
	}
	q := "SELECT "
	for i, name := range h.locks.list {
		if i > 0 {
			q += ","
		}
		q += fmt.Sprintf("IFNULL(IS_USED_LOCK('%s')=CONNECTION_ID(),0)", name)
	}
	row, err := b.conn.Row(q)
	if err != nil {
		b.flags |= stickyUnknown
		return
	}
	left := h.locks.list[:0]
	for i, v := range row {
		if v.Text == "1" {
			left = append(left, h.locks.list[i])
		}
	}
	if h.locks.list = left; len(left) == 0 {
		b.flags &^= stickyGetLock
	}
}
