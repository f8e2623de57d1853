package rule

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// translate rewrites an expression from PCRE's dialect to regexp2's: bytes become
// runes as in runeOf, and the constructs that differ in spelling are respelled.
// What regexp2 lacks (\K, recursion, branch reset) is left for it to refuse.
func translate(expr string) (string, error) {
	t := translator{in: expr}
	for t.pos < len(expr) {
		var err error
		switch {
		case expr[t.pos] == '\\':
			err = t.escape()
		case t.class:
			err = t.inClass()
		default:
			t.outside()
		}
		if err != nil {
			return "", fmt.Errorf("%w at offset %d", err, t.pos)
		}
	}
	return t.out.String(), nil
}

type translator struct {
	in    string
	pos   int
	class bool // between [ and ]
	out   strings.Builder
}

func (t *translator) rest() string { return t.in[t.pos:] }

// put writes s for the next n bytes.
func (t *translator) put(n int, s string) {
	t.pos += n
	t.out.WriteString(s)
}

// copyByte writes the next byte as the rune that stands for it.
func (t *translator) copyByte() {
	t.out.WriteRune(runeOf(t.in[t.pos]))
	t.pos++
}

func (t *translator) outside() {
	switch rest := t.rest(); {
	case strings.HasPrefix(rest, "(?P<"):
		t.put(4, "(?<")
	case strings.HasPrefix(rest, "(?P="):
		name, _, found := strings.Cut(rest[4:], ")")
		if !found {
			t.copyByte()
			return
		}
		t.put(4+len(name)+1, `\k<`+name+`>`)
	case rest[0] == '[':
		t.openClass()
	default:
		t.copyByte()
	}
}

// openClass takes the '[', and a ']' that is a member because it comes first.
func (t *translator) openClass() {
	t.class = true
	t.put(1, "[")
	if strings.HasPrefix(t.rest(), "^") {
		t.put(1, "^")
	}
	if strings.HasPrefix(t.rest(), "]") {
		t.put(1, `\]`)
	}
}

// posix are the named classes of ASCII.
var posix = map[string]string{
	"alpha": "a-zA-Z", "digit": "0-9", "alnum": "a-zA-Z0-9", "upper": "A-Z", "lower": "a-z",
	"space": ` \t\n\x0B\f\r`, "blank": ` \t`, "xdigit": "0-9A-Fa-f", "word": "a-zA-Z0-9_",
	"punct": `!-/:-@\[-` + "`" + `{-~`, "cntrl": `\x00-\x1F\x7F`, "print": " -~", "graph": "!-~", "ascii": `\x00-\x7F`,
}

func (t *translator) inClass() error {
	rest := t.rest()
	switch {
	case strings.HasPrefix(rest, "[:"):
		name, _, closed := strings.Cut(rest[2:], ":]")
		members, known := posix[name]
		if closed && known {
			t.put(len(name)+4, members)
			return nil
		}
		if closed && strings.HasPrefix(name, "^") {
			return fmt.Errorf("negated class [:%s:] is not supported", name)
		}
		t.put(1, `\[`)
	case rest[0] == '[':
		t.put(1, `\[`) // to regexp2 it could open a subtraction
	case rest[0] == ']':
		t.class = false
		t.put(1, "]")
	default:
		t.copyByte()
	}
	return nil
}

// escape takes a backslash and what belongs to it.
func (t *translator) escape() error {
	rest := t.rest()
	if len(rest) == 1 {
		t.copyByte() // refused later
		return nil
	}
	switch rest[1] {
	case 'Q':
		t.quote()
	case 'h':
		t.members(` \t`)
	case 'v':
		t.members(`\n\x0B\f\r`)
	case 'H', 'V', 'N':
		return t.complement(rest[1])
	case 'x':
		return t.hex()
	case 'g', 'k':
		t.reference(rest)
	default:
		t.put(1, `\`)
		t.copyByte()
	}
	return nil
}

// quote writes the bytes between \Q and \E each with its meaning taken away.
func (t *translator) quote() {
	t.pos += 2
	for t.pos < len(t.in) && !strings.HasPrefix(t.rest(), `\E`) {
		if c := t.in[t.pos]; c < 0x80 && !isWordByte(c) {
			t.out.WriteByte('\\')
		}
		t.copyByte()
	}
	t.pos = min(t.pos+2, len(t.in))
}

func isWordByte(c byte) bool {
	return c == '_' || '0' <= c && c <= '9' || 'a' <= lower(c) && lower(c) <= 'z'
}

// members writes a class, or its members where a class is open.
func (t *translator) members(m string) {
	if !t.class {
		m = "[" + m + "]"
	}
	t.put(2, m)
}

func (t *translator) complement(c byte) error {
	if t.class {
		return fmt.Errorf(`\%c in a class is not supported`, c)
	}
	t.put(2, map[byte]string{'H': `[^ \t]`, 'V': `[^\n\x0B\f\r]`, 'N': `[^\n]`}[c])
	return nil
}

// hex takes \xhh and \x{hh}.
func (t *translator) hex() error {
	digits, size := t.rest()[2:], 2
	if strings.HasPrefix(digits, "{") {
		in, _, closed := strings.Cut(digits[1:], "}")
		if !closed {
			return errors.New(`\x{ is not closed`)
		}
		digits, size = in, len(in)+4
	} else {
		n := 0
		for n < 2 && n < len(digits) && strings.IndexByte("0123456789abcdefABCDEF", digits[n]) >= 0 {
			n++
		}
		digits, size = digits[:n], 2+n
	}
	v, err := strconv.ParseUint("0"+digits, 16, 32)
	if err != nil || v > 0xFF {
		return fmt.Errorf(`\x%s is not a byte`, digits)
	}
	if v < 0x80 {
		t.put(size, fmt.Sprintf(`\x%02X`, v))
	} else {
		t.put(size, string(runeOf(byte(v))))
	}
	return nil
}

// reference respells \g1, \g{1}, \g{name} and \k{name}.
func (t *translator) reference(rest string) {
	name, size := "", 0
	if strings.HasPrefix(rest[2:], "{") {
		in, _, closed := strings.Cut(rest[3:], "}")
		if closed {
			name, size = in, len(in)+4
		}
	} else if rest[1] == 'g' && len(rest) > 2 && '1' <= rest[2] && rest[2] <= '9' {
		name, size = rest[2:3], 3
	}
	if name == "" || strings.HasPrefix(name, "-") {
		t.put(1, `\`) // \k<name>, or something that will be refused
		t.copyByte()
		return
	}
	t.put(size, `\k<`+name+`>`)
}
