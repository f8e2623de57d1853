package confparse

import "strings"

// Suggest returns the one of known that name is probably meant to be, or "" when none is
// near: at most one edit (a letter added, left out, changed, or swapped with the next) for
// every three letters. Differences in case cost nothing. Of equally near ones it is the first
// in alphabetical order.
func Suggest(name string, known []string) string {
	best, bestDistance := "", min(len(name)/3, 4)+1
	if len(name) < 3 {
		bestDistance = 2
	}
	lower := strings.ToLower(name)
	for _, k := range known {
		if k == name || len(k)-len(name) >= bestDistance+1 || len(name)-len(k) >= bestDistance+1 {
			continue
		}
		d := distance(lower, strings.ToLower(k))
		if d >= len(k) {
			continue
		}
		if d < bestDistance || d == bestDistance && best != "" && k < best {
			best, bestDistance = k, d
		}
	}
	return best
}

// distance counts the edits that make b of a (optimal string alignment).
func distance(a, b string) int {
	before, previous, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range previous {
		previous[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(previous[j]+1, row[j-1]+1, previous[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, previous, row = previous, row, before
	}
	return previous[len(b)]
}
