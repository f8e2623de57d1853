package rule

import "strings"

// plainCharacters stand for themselves in an expression.
const plainCharacters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_ ,=<>'\"`;:/%!@&~-"

// sound tells of an expression that it cannot but compile: it has only plain characters, dots, the usual escapes, each at most
// once repeated, and anchors. Nearly all rules are like that; the others are parsed to find out.
func sound(expr string) bool {
	repeatable := false // what came before can be repeated
	for i := 0; i < len(expr); i++ {
		switch c := expr[i]; {
		case c == '.' || strings.IndexByte(plainCharacters, c) >= 0:
			repeatable = true
		case c == '*' || c == '+' || c == '?':
			if !repeatable {
				return false
			}
			repeatable = false
		case c == '^' || c == '$' || c == '|':
			repeatable = false
		case c == '\\' && i+1 < len(expr) && strings.IndexByte(`dDwWsS.*+?()[]{}|^$\/`, expr[i+1]) >= 0:
			i++
			repeatable = true
		default:
			return false
		}
	}
	return true
}
