package digest

// collapser abbreviates long lists of marks. It goes over a text that grows, so it
// keeps what it must know about the part it has seen.
type collapser struct {
	limit  int // marks kept of a list, at least 1
	groups int // abbreviated lists kept in a row; 0 or less for all

	done   int  // bytes of the text that went through
	inside bool // the last bracket in them was an opening one
}

const ellipsis = "..."

// collapse works in place on b, the text as it has grown so far.
func (c *collapser) collapse(b []byte) []byte {
	from := min(c.done, len(b))
	for from > 0 && (b[from-1] == '?' || b[from-1] == ',') {
		from-- // a list may go on
	}
	b = c.lists(b, from)
	if c.groups > 0 {
		from -= (c.groups + 1) * (c.groupLen() + 1)
		b = c.rows(b, max(0, from))
	}
	c.done = max(0, len(b)-1) // tidy may yet take the last byte
	return b
}

// lists turns "(?,?,?,?,?)" into "(?,?,?,...)", brackets not nested. A run that
// does not reach the bracket needs one mark more.
func (c *collapser) lists(b []byte, from int) []byte {
	w := from
	for r := from; r < len(b); {
		switch b[r] {
		case '(':
			c.inside = true
		case ')':
			c.inside = false
		case '?':
			if c.inside && (w == 0 || !isArith(b[w-1])) {
				w, r = c.list(b, w, r)
				continue
			}
		}
		b[w] = b[r]
		w++
		r++
	}
	return b[:w]
}

// list moves the run of marks at b[r] to b[w], abbreviated if it is long, and
// returns what follows both.
func (c *collapser) list(b []byte, w, r int) (int, int) {
	end, marks := r, 0
	for end+1 < len(b) && b[end] == '?' && b[end+1] == ',' {
		marks++
		end += 2
	}
	closed := end+1 < len(b) && b[end] == '?' && b[end+1] == ')'
	if closed {
		marks++
		end++
	}
	if marks < c.limit+2 {
		end = max(end, r+1)
		return w + copy(b[w:], b[r:end]), end
	}
	w += copy(b[w:], b[r:r+2*c.limit])
	w += copy(b[w:], ellipsis)
	if !closed {
		end-- // the comma stays
	}
	return w, end
}

// rows turns more than the permitted number of abbreviated lists in a row into
// that number and an ellipsis.
func (c *collapser) rows(b []byte, from int) []byte {
	size := c.groupLen()
	w := from
	for r := from; r < len(b); {
		if b[r] != '(' || !c.isGroup(b[r:]) {
			b[w] = b[r]
			w++
			r++
			continue
		}
		end, n := r+size, 1
		for end < len(b) && b[end] == ',' && c.isGroup(b[end+1:]) {
			end += 1 + size
			n++
		}
		if n <= c.groups {
			w += copy(b[w:], b[r:end])
		} else {
			w += copy(b[w:], b[r:r+c.groups*(size+1)])
			w += copy(b[w:], ellipsis)
		}
		r = end
	}
	return b[:w]
}

// groupLen is the length of an abbreviated list in its brackets.
func (c *collapser) groupLen() int { return 2*c.limit + len("(...)") }

// isGroup reports whether b begins with an abbreviated list in its brackets.
func (c *collapser) isGroup(b []byte) bool {
	size := c.groupLen()
	if len(b) < size || b[0] != '(' || string(b[size-4:size]) != "...)" {
		return false
	}
	for i := 1; i < size-4; i += 2 {
		if b[i] != '?' || b[i+1] != ',' {
			return false
		}
	}
	return true
}
