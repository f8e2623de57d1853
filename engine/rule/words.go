package rule

// A literal index is built when it beats looking at the rules one by one: when
// expressions would have to search the text for their literal, or are many.
const manyPatterns = 8

// Literals are cut to a length that bounds the table, at their end: beginnings
// such as "select" tell less.
const (
	maxStates     = 32 << 10
	longestWord   = 32
	shortestSplit = 4
)

// literalIndex tells which rules a text can match, by the literals in it.
type literalIndex struct {
	words *automaton // nil: no rule can be excluded
	rest  bitset     // rules that no literal can exclude
	wide  bool       // texts outside ASCII exclude nothing
}

// newLiteralIndex asks expression for the pattern that rule i cannot do without,
// if it has one.
func newLiteralIndex(n int, expression func(i int) *pattern) literalIndex {
	x := literalIndex{rest: newBitset(n)}
	rules := make(map[string]bitset)
	patterns, searching := 0, false
	common := commonness(n, expression)
	for i := range n {
		p := expression(i)
		if p == nil || shortest(p.need) == 0 {
			x.rest.set(i)
			continue
		}
		patterns++
		searching = searching || p.prefix == nil
		x.wide = x.wide || p.re2 != nil
		for _, word := range rarest(p, common) {
			if rules[word] == nil {
				rules[word] = newBitset(n)
			}
			rules[word].set(i)
		}
	}
	if searching || patterns >= manyPatterns {
		x.words = newAutomaton(wordList(rules))
	}
	return x
}

// commonness counts the rules that cannot do without a string.
func commonness(n int, expression func(i int) *pattern) map[string]int {
	count := make(map[string]int)
	for i := range n {
		p := expression(i)
		if p == nil {
			continue
		}
		for _, set := range append(p.also[:len(p.also):len(p.also)], p.need) {
			for _, word := range set {
				count[word]++
			}
		}
	}
	return count
}

// rarest chooses among the strings that an expression cannot do without those that fewest others have: where hundreds of rules
// begin alike, their beginning excludes none of them.
func rarest(p *pattern, common map[string]int) []string {
	best, least := p.need, most(p.need, common)
	for _, set := range p.also {
		if n := most(set, common); n < least && shortest(set) > 1 {
			best, least = set, n
		}
	}
	return best
}

func most(set []string, common map[string]int) int {
	n := 0
	for _, word := range set {
		n = max(n, common[word])
	}
	return n
}

// wordList folds and cuts the literals.
func wordList(rules map[string]bitset) []literalOf {
	longest := longestWord
	if len(rules) > 0 {
		longest = max(shortestSplit, min(longestWord, maxStates/len(rules)))
	}
	list := make([]literalOf, 0, len(rules))
	for word, b := range rules {
		folded := []byte(word)
		for i, c := range folded {
			folded[i] = lower(c)
		}
		list = append(list, literalOf{string(folded[max(0, len(folded)-longest):]), b})
	}
	return list
}

// narrow sets out to the rules that text does not exclude.
func (x *literalIndex) narrow(out, all bitset, text []byte) {
	if x.words == nil || x.wide && !isASCII(text) {
		copy(out, all)
		return
	}
	copy(out, x.rest)
	x.words.scan(text, out)
}
