package confparse

import (
	"errors"
	"fmt"
	"strings"
)

// SplitCommand splits the Rest of a line that holds nothing but a command, such as `script`,
// into the program and its arguments. Where the first word is quoted it may hold the
// command and its arguments, and is split again: `"/a/b.sh x 'y z'"` gives three words.
// A line that holds more behind the command (`notify "cmd args" user group`) is split with
// SplitWords, and its first word with SplitWords again.
func SplitCommand(rest string) ([]string, error) {
	words, err := SplitWords(rest)
	if err != nil || len(words) == 0 {
		return words, err
	}
	trimmed := strings.TrimLeft(rest, blanks)
	if trimmed[0] != '"' && trimmed[0] != '\'' {
		return words, nil
	}
	command, err := SplitWords(words[0])
	if err != nil {
		return nil, fmt.Errorf("split %q: %w", words[0], err)
	}
	return append(command, words[1:]...), nil
}

var (
	errQuote = errors.New("a quote is not closed")
	errNUL   = errors.New(`\0 cannot be part of a command`)
)

// SplitWords splits a quoted and escaped line as a shell would, without expanding
// anything: "…" and '…' group and may be glued to other text; inside and outside quotes
// \a \b \E \f \n \r \t \v, \NNN (one to three octal digits), \xH… (hexadecimal digits, the
// last two count), \cX (control) and \C (literally C) are decoded.
func SplitWords(rest string) ([]string, error) {
	var words []string
	var word []byte
	inWord := false
	quote := byte(0)
	for i := 0; i < len(rest); {
		c := rest[i]
		switch {
		case c == '\\' && i+1 < len(rest):
			n, b := decodeEscape(rest[i+1:])
			if b == 0 {
				return nil, errNUL
			}
			word, inWord = append(word, b), true
			i += 1 + n
			continue
		case quote != 0 && c == quote:
			quote = 0
		case quote != 0:
			word = append(word, c)
		case c == '"' || c == '\'':
			quote, inWord = c, true
		case isBlank(c) || c == '\n':
			if inWord {
				words = append(words, string(word))
			}
			word, inWord = word[:0], false
		default:
			word, inWord = append(word, c), true
		}
		i++
	}
	if quote != 0 {
		return nil, errQuote
	}
	if inWord {
		words = append(words, string(word))
	}
	return words, nil
}

// decodeEscape decodes what follows a backslash, and tells how long it is.
func decodeEscape(s string) (int, byte) {
	const letters, codes = "abEfnrtv", "\a\b\x1b\f\n\r\t\v"
	c := s[0]
	if i := strings.IndexByte(letters, c); i >= 0 {
		return 1, codes[i]
	}
	switch {
	case c == 'x' && len(s) > 1 && hexDigit(s[1]) >= 0:
		n, v := 1, 0
		for n < len(s) && hexDigit(s[n]) >= 0 {
			v = v<<4&0xff | hexDigit(s[n])
			n++
		}
		return n, byte(v)
	case c == 'c' && len(s) > 1:
		return 2, s[1] & 0x1f
	case '0' <= c && c <= '7':
		n, v := 0, 0
		for n < 3 && n < len(s) && '0' <= s[n] && s[n] <= '7' {
			v = v<<3 | int(s[n]-'0')
			n++
		}
		return n, byte(v)
	}
	return 1, c
}

func hexDigit(c byte) int {
	switch {
	case isDigit(c):
		return int(c - '0')
	case 'a' <= c|0x20 && c|0x20 <= 'f':
		return int(c|0x20-'a') + 10
	}
	return -1
}
