package confparse

import (
	"math"
	"strconv"
	"strings"
)

// boolean reads true or false in any case; any other word is left unread.
func (p *parser) boolean(v *Value) bool {
	s := p.src
	n := nameLen(s.text[s.off:])
	word := s.text[s.off : s.off+n]
	if !strings.EqualFold(word, "true") && !strings.EqualFold(word, "false") {
		return false
	}
	v.Kind, v.Bool = Bool, len(word) == len("true")
	s.off += n
	return true
}

// number reads an integer or a floating point number.
func (p *parser) number(v *Value) bool {
	s := p.src
	n := 0
	for s.off+n < len(s.text) {
		c := s.text[s.off+n]
		if !isLetter(c) && !isDigit(c) && c != '.' && c != '_' && c != '-' && c != '+' {
			break
		}
		n++
	}
	word := s.text[s.off : s.off+n]
	if message, hint := parseNumber(v, word); message != "" {
		p.hintAt(spot{s, s.off, n}, CodeNumber, hint, "%s", message)
		// The text is clear enough to go on behind it.
		v.Kind = Int
	}
	s.off += n
	return true
}

// parseNumber gives v the number word stands for, or says what is wrong with it.
// libconfig 1.7: decimal, octal with a leading 0 (no 8 or 9 in it), hexadecimal with 0x;
// L or LL for 64 bits; without it a number that needs more than 32 bits is 64 bits too.
func parseNumber(v *Value, word string) (message, hint string) {
	text := strings.TrimRight(word, "L")
	long := len(word) - len(text)
	digits := strings.TrimLeft(text, "+-")
	hex := len(text) > 2 && (strings.HasPrefix(text, "0x") || strings.HasPrefix(text, "0X"))
	switch {
	case long > 2 || len(text)-len(digits) > 1 || digits == "":
		return notNumber(word)
	case hex:
		n, err := strconv.ParseUint(text[2:], 16, 64)
		if err != nil {
			return badNumber(word, err)
		}
		v.Kind, v.Int = Int64, int64(n)
		if long == 0 && n <= math.MaxUint32 {
			v.Kind, v.Int = Int, int64(int32(uint32(n)))
		}
		return "", ""
	case strings.Trim(digits, "0123456789") == "":
		return parseInteger(v, word, text, digits, long > 0)
	case long > 0 || !isFloat(digits):
		return notNumber(word)
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return badNumber(word, err)
	}
	v.Kind, v.Float = Float, f
	return "", ""
}

func parseInteger(v *Value, word, text, digits string, long bool) (message, hint string) {
	base := 10
	if len(digits) > 1 && digits[0] == '0' {
		base = 8
		if strings.ContainsAny(digits, "89") {
			return strconv.Quote(word) + " is no number: a leading 0 makes it octal",
				"write " + strings.TrimLeft(digits, "0")
		}
	}
	n, err := strconv.ParseInt(text, base, 64)
	if err != nil {
		return badNumber(word, err)
	}
	v.Kind, v.Int = Int, n
	if long || n < math.MinInt32 || n > math.MaxInt32 {
		v.Kind = Int64
	}
	return "", ""
}

// isFloat tells whether text is a floating point number without its sign: digits, then a
// point or an exponent or both.
func isFloat(text string) bool {
	mantissa := strings.TrimLeft(text, "0123456789")
	point := strings.HasPrefix(mantissa, ".")
	count := len(text) - len(mantissa)
	if point {
		rest := strings.TrimLeft(mantissa[1:], "0123456789")
		count += len(mantissa) - 1 - len(rest)
		mantissa = rest
	}
	if count == 0 {
		return false
	}
	if mantissa == "" {
		return point
	}
	if mantissa[0] != 'e' && mantissa[0] != 'E' {
		return false
	}
	exponent := strings.TrimPrefix(strings.TrimPrefix(mantissa[1:], "-"), "+")
	return exponent != "" && strings.Trim(exponent, "0123456789") == ""
}

func notNumber(word string) (message, hint string) {
	return strconv.Quote(word) + " is no number", "strings are written in double quotes"
}

func badNumber(word string, err error) (message, hint string) {
	if ne, ok := err.(*strconv.NumError); ok && ne.Err == strconv.ErrRange {
		return strconv.Quote(word) + " is too large", ""
	}
	return notNumber(word)
}

// stringValue reads a string and the strings that follow it directly as one.
func (p *parser) stringValue(v *Value) bool {
	var b strings.Builder
	for {
		if !p.stringLiteral(&b) {
			return false
		}
		off := p.src.off
		p.skipSource()
		if p.src.eof() || p.src.text[p.src.off] != '"' {
			p.src.off = off
			v.Kind, v.Str = String, b.String()
			return true
		}
	}
}

// stringLiteral reads one string. Line ends may stand in it. These escapes are decoded:
// \n \r \t \f \\ \" \xHH; any other backslash stands for itself.
func (p *parser) stringLiteral(b *strings.Builder) bool {
	s, open := p.src, p.src.off
	i := open + 1
	for i < len(s.text) {
		c := s.text[i]
		switch {
		case c == '"':
			s.off = i + 1
			if p.longStr == (Pos{}) && strings.IndexByte(s.text[open:i], '\n') >= 0 {
				p.longStr = s.pos(open)
			}
			return true
		case c == '\\':
			n, decoded := unescape(s.text[i:])
			b.WriteString(decoded)
			i += n
		default:
			b.WriteByte(c)
			i++
		}
	}
	p.errorAt(spot{s, open, 1}, CodeString, "the string is not closed, '\"' is missing")
	s.off = s.lineEnd(open)
	return false
}

// unescape decodes the escape text begins with and tells its length.
func unescape(text string) (int, string) {
	if len(text) >= 4 && text[1] == 'x' {
		if n, err := strconv.ParseUint(text[2:4], 16, 8); err == nil {
			return 4, string([]byte{byte(n)})
		}
	}
	if len(text) >= 2 {
		switch text[1] {
		case 'n':
			return 2, "\n"
		case 'r':
			return 2, "\r"
		case 't':
			return 2, "\t"
		case 'f':
			return 2, "\f"
		case '\\', '"':
			return 2, text[1:2]
		}
	}
	return 1, `\`
}
