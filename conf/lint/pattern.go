package lint

import (
	"slices"
	"strings"
)

// broader tells whether the pattern of a matches whatever that of b does. It is sure where it
// says so; most pairs of patterns it knows nothing about.
func broader(a, b row, column string) bool {
	x, set := a.text(column)
	if !set {
		return true
	}
	y, other := b.text(column)
	if !other {
		return everything(x) && !a.on("negate_match_pattern")
	}
	if a.on("negate_match_pattern") != b.on("negate_match_pattern") || caseful(a) && !caseful(b) {
		return false
	}
	if x == y {
		return true
	}
	if a.on("negate_match_pattern") {
		return false
	}
	if everything(x) {
		return true
	}
	anchor, literal, rest := split(x)
	otherAnchor, prefix, otherRest := split(y)
	if rest != "" && rest != ".*" || literal == "" || strings.Contains(otherRest, "|") {
		return false
	}
	if !caseful(a) {
		literal, prefix = strings.ToLower(literal), strings.ToLower(prefix)
	}
	if anchor {
		return otherAnchor && strings.HasPrefix(prefix, literal)
	}
	return strings.Contains(prefix, literal)
}

// everything tells whether a pattern matches every statement; ^.*$ does not match two lines.
func everything(pattern string) bool {
	return slices.Contains([]string{"", ".", ".*", "^", "^.*", ".*$", ".+", "^.+", "^."}, pattern)
}

// split takes a pattern apart: whether it is tied to the beginning, the plain text it begins
// with, and what follows.
func split(pattern string) (anchor bool, literal, rest string) {
	rest, anchor = strings.CutPrefix(pattern, "^")
	n := strings.IndexAny(rest, `\.[](){}*+?^$|`)
	if n < 0 {
		return anchor, rest, ""
	}
	if n > 0 && strings.ContainsAny(rest[n:n+1], "*+?{") {
		n-- // the last character is what the repetition is about
	}
	return anchor, rest[:n], rest[n:]
}
