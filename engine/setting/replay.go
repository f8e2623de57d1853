package setting

import "strings"

// AppendReplay appends to b the SET statement that brings a connection from the state have to the state want; nothing
// where they are equal. mariadb tells which names the server knows.
func AppendReplay(b []byte, have, want *State, mariadb bool) []byte {
	if have.hash == want.hash {
		return b
	}
	start := len(b)
	r := replay{b: append(b, "SET "...), mariadb: mariadb, between: ", "}
	r.charset(have, want)
	r.variables(have, want)
	if have.noAutocommit != want.noAutocommit {
		r.autocommit(want)
	}
	if !r.some {
		return r.b[:start]
	}
	return r.b
}

// Singly is AppendReplay with a statement of its own for everything that differs, for servers that do not know all of it.
func Singly(have, want *State, mariadb bool) []string {
	r := replay{mariadb: mariadb, between: "\x00"}
	r.charset(have, want)
	r.variables(have, want)
	if have.noAutocommit != want.noAutocommit {
		r.autocommit(want)
	}
	if !r.some {
		return nil
	}
	parts := strings.Split(string(r.b), r.between)
	for i := range parts {
		parts[i] = "SET " + parts[i]
	}
	return parts
}

// replay is a SET statement being written.
type replay struct {
	b       []byte
	some    bool
	mariadb bool
	between string // what stands between two assignments
}

func (r *replay) comma() {
	if r.some {
		r.b = append(r.b, r.between...)
	}
	r.some = true
}

func (r *replay) autocommit(want *State) {
	if want.noAutocommit {
		r.assign("autocommit", "0")
	} else {
		r.assign("autocommit", "1")
	}
}

func (r *replay) assign(name, value string) {
	if name == "" {
		return
	}
	r.comma()
	r.b = append(append(append(r.b, name...), '='), value...)
}

// charset sets everything about character sets anew when anything differs: NAMES resets what was set one by one.
func (r *replay) charset(have, want *State) {
	if have.names == want.names && sameCharset(have.items, want.items) {
		return
	}
	r.comma()
	if !strings.HasPrefix(want.names, characterSet) {
		r.b = append(r.b, "NAMES "...)
	}
	if want.names == "" {
		r.b = append(r.b, "DEFAULT"...)
	}
	r.b = append(r.b, want.names...)
	for _, it := range want.items {
		if v := &variables[it.variable]; v.kind == charsetName {
			r.assign(v.name, it.value)
		}
	}
}

func sameCharset(a, b []item) bool {
	next := func(items []item) []item {
		for len(items) > 0 && variables[items[0].variable].kind != charsetName {
			items = items[1:]
		}
		return items
	}
	for {
		a, b = next(a), next(b)
		if len(a) == 0 || len(b) == 0 {
			return len(a) == len(b)
		}
		if a[0] != b[0] {
			return false
		}
		a, b = a[1:], b[1:]
	}
}

// variables writes the differences of two sorted lists.
func (r *replay) variables(have, want *State) {
	a, b := have.items, want.items
	for len(a) > 0 || len(b) > 0 {
		switch {
		case len(b) == 0 || len(a) > 0 && a[0].variable < b[0].variable:
			r.undo(a[0].variable)
			a = a[1:]
		case len(a) == 0 || b[0].variable < a[0].variable:
			r.set(b[0])
			b = b[1:]
		default:
			if a[0].value != b[0].value {
				if variables[a[0].variable].parts {
					r.undo(a[0].variable)
				}
				r.set(b[0])
			}
			a, b = a[1:], b[1:]
		}
	}
}

func (r *replay) set(it item) {
	if v := &variables[it.variable]; v.kind != charsetName {
		r.assign(v.serverName(r.mariadb), it.value)
	}
}

func (r *replay) undo(variable int) {
	v := &variables[variable]
	if v.kind == charsetName {
		return
	}
	reset := v.reset
	if reset == "" {
		reset = "DEFAULT"
	}
	r.assign(v.serverName(r.mariadb), reset)
}
