package rule

import "fmt"

// template is a parsed replace_pattern: literal text and groups in turn.
type template []piece

type piece struct {
	literal string
	group   int // used when literal is empty
}

// parseTemplate reads the syntax of RE2's Rewrite: \0 is the match, \1 to \9 its
// groups, \\ a backslash; any other escape and a group that the expression does
// not have are errors.
func parseTemplate(s string, groups int) (template, error) {
	var t template
	start := 0
	flush := func(end int) {
		if end > start {
			t = append(t, piece{literal: s[start:end]})
		}
	}
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' {
			continue
		}
		flush(i)
		i++
		switch {
		case i < len(s) && s[i] == '\\':
			start = i // the second backslash begins the next literal
		case i < len(s) && '0' <= s[i] && s[i] <= '9':
			group := int(s[i] - '0')
			if group > groups {
				return nil, fmt.Errorf("group \\%d: the expression has %d groups", group, groups)
			}
			t = append(t, piece{group: group})
			start = i + 1
		default:
			return nil, fmt.Errorf("escape at offset %d: only \\0 to \\9 and \\\\ are known", i-1)
		}
	}
	flush(len(s))
	return t, nil
}
