package digest

// kind sorts the bytes of a query by what the scan has to look at.
type kind uint8

const (
	kindToken kind = iota // whatever is not below, bytes from 0x80 up included
	kindWord              // letters, '_' and '$'
	kindDigit
	kindSpace // ' ', \t, \n, \r; not \v, not \f
	kindQuote // ' and "
	kindSlash // may open a block comment
	kindHash  // opens a line comment
	kindDash  // may open a line comment
)

var kinds = func() (t [256]kind) {
	for c := 'a'; c <= 'z'; c++ {
		t[c], t[c-'a'+'A'] = kindWord, kindWord
	}
	for c := '0'; c <= '9'; c++ {
		t[c] = kindDigit
	}
	t['_'], t['$'] = kindWord, kindWord
	t[' '], t['\t'], t['\n'], t['\r'] = kindSpace, kindSpace, kindSpace, kindSpace
	t['\''], t['"'] = kindQuote, kindQuote
	t['/'], t['#'], t['-'] = kindSlash, kindHash, kindDash
	return t
}()

// fold is one of these tables: bytes as they are, or with ASCII letters lowered.
var (
	sameCase  = foldTable(false)
	lowerCase = foldTable(true)
)

func foldTable(lower bool) (t [256]byte) {
	for i := range t {
		t[i] = byte(i)
		if lower && 'A' <= i && i <= 'Z' {
			t[i] += 'a' - 'A'
		}
	}
	return t
}

func isWord(c byte) bool  { return kinds[c] == kindWord || kinds[c] == kindDigit }
func isSpace(c byte) bool { return kinds[c] == kindSpace }
func isDigit(c byte) bool { return c-'0' < 10 }

// isArith reports the operators that stand close to a mark.
func isArith(c byte) bool {
	return c == '+' || c == '-' || c == '*' || c == '/' || c == '%'
}
