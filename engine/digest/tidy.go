package digest

// tidy removes blanks and signs that say nothing, in place, from the byte at from
// on. Its conditions speak of neighbours in the buffer as it is being rewritten:
// that is upstream's behaviour and visible in its texts.
func tidy(b []byte, from int, o *Options) []byte {
	w := from
	for r := from; r < len(b); r++ {
		c := b[r]
		switch {
		case c > '9':
		case c == ' ':
			if w > 0 && blankGoes(b, r, o.KeepComment) {
				continue
			}
		case c == '+' || c == '-':
			if w > 0 && signGoes(b, w, r) {
				continue
			}
		case o.NoDigits && isDigit(c) && w > 0:
			if b[w-1] == '?' {
				continue
			}
			c = '?'
		}
		b[w] = c
		w++
	}
	return b[:w]
}

// blankGoes decides on the blank at b[r], r > 0.
func blankGoes(b []byte, r int, keepComment bool) bool {
	left, right := b[r-1], byte(0)
	if r+1 < len(b) {
		right = b[r+1]
	}
	goes := left == '(' || right == ')' || left == ',' || right == ',' ||
		right == '?' && isArith(left) || left == '?' && isArith(right)
	if goes && keepComment && left == '/' && r > 1 && b[r-2] == '*' {
		return false // it follows a comment
	}
	return goes
}

// signGoes decides on the sign at b[r] when w bytes, at least one, are written:
// the sign of a literal goes, an operator between literals stays.
func signGoes(b []byte, w, r int) bool {
	left, literal := b[w-1], false
	if r+1 < len(b) {
		literal = b[r+1] == '?' || b[r+1] == ' '
	}
	if left == ' ' {
		var before byte
		if w > 1 {
			before = b[w-2]
		}
		return isWord(before) || literal && before != '?' && before != ')'
	}
	return literal && !isWord(left) && left != '?' && left != ')'
}
