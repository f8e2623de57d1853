package setting

import (
	"slices"
	"strings"
)

// Without gives the state with some tracked variables at the server's default; names that are not tracked mean nothing.
// "autocommit" is one too: without it, statements commit by themselves.
func (s *State) Without(names []string) *State {
	n := *s
	n.items = slices.Clone(s.items)
	for _, name := range names {
		name = strings.ToLower(name)
		if name == "autocommit" {
			n.noAutocommit = false
			continue
		}
		if i, ok := n.at(find(name)); ok {
			n.items = slices.Delete(n.items, i, i+1)
		}
	}
	return n.sealed()
}
