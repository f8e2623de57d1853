package rule

// automaton finds all of many literals in one pass over a text, letter case
// ignored (Aho and Corasick 1975, as a complete table).
type automaton struct {
	class  [256]uint8 // bytes by what the literals can tell apart; 0 is in none
	width  int        // number of classes
	states []uint32   // next state at state*width+class
	found  []int32    // by state: index into rules of what ends here, or -1
	rules  []bitset
}

// literalOf is a literal, lower case, and the rules that need it.
type literalOf struct {
	literal string
	rules   bitset
}

func newAutomaton(literals []literalOf) *automaton {
	a := &automaton{}
	a.classify(literals)
	a.grow()
	for _, l := range literals {
		a.insert(l)
	}
	a.link()
	return a
}

func (a *automaton) classify(literals []literalOf) {
	var used [256]bool
	for _, l := range literals {
		for i := range len(l.literal) {
			used[l.literal[i]] = true
		}
	}
	a.width = 1
	for c := range used {
		if used[c] && lower(byte(c)) == byte(c) && a.width < 256 { // never full: literals are ASCII
			a.class[c] = uint8(a.width)
			a.width++
		}
	}
	for c := byte('A'); c <= 'Z'; c++ {
		a.class[c] = a.class[lower(c)]
	}
}

// grow adds a state without successors and returns its number.
func (a *automaton) grow() uint32 {
	a.states = append(a.states, make([]uint32, a.width)...)
	a.found = append(a.found, -1)
	return uint32(len(a.found) - 1)
}

func (a *automaton) insert(l literalOf) {
	var s uint32
	for i := range len(l.literal) {
		at := int(s)*a.width + int(a.class[l.literal[i]])
		if a.states[at] == 0 {
			n := a.grow()
			a.states[at] = n
		}
		s = a.states[at]
	}
	a.report(s, l.rules)
}

// report adds rules to what state s reports.
func (a *automaton) report(s uint32, rules bitset) {
	if a.found[s] < 0 {
		a.found[s] = int32(len(a.rules))
		a.rules = append(a.rules, newBitset(64*len(rules)))
	}
	a.rules[a.found[s]].or(rules)
}

// link makes the table complete, breadth first: where a state has no successor it
// goes where its longest proper suffix would go.
func (a *automaton) link() {
	suffix := make([]uint32, len(a.found))
	var queue []uint32
	for c := range a.width {
		if n := a.states[c]; n != 0 {
			queue = append(queue, n)
		}
	}
	for len(queue) > 0 {
		s := queue[0]
		queue = queue[1:]
		if f := a.found[suffix[s]]; f >= 0 {
			a.report(s, a.rules[f])
		}
		for c := range a.width {
			at, fall := int(s)*a.width+c, a.states[int(suffix[s])*a.width+c]
			if n := a.states[at]; n != 0 {
				suffix[n] = fall
				queue = append(queue, n)
			} else {
				a.states[at] = fall
			}
		}
	}
}

// scan adds to out the rules of every literal in text.
func (a *automaton) scan(text []byte, out bitset) {
	var s uint32
	for _, c := range text {
		s = a.states[int(s)*a.width+int(a.class[c])]
		if f := a.found[s]; f >= 0 {
			out.or(a.rules[f])
		}
	}
}

func lower(c byte) byte {
	if c-'A' < 26 {
		return c + 'a' - 'A'
	}
	return c
}
