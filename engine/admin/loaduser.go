package admin

import (
	"context"
	"strings"
)

// userCommands are those that concern one user.
func userCommands() []command {
	return []command{{text: "LOAD MYSQL USER ", arg: true, run: loadUser}}
}

// loadUser is LOAD MYSQL USER x TO RUNTIME. A user that does not exist in memory is taken out of force.
func loadUser(ctx context.Context, s *session, c call) (answer, error) {
	name, found := cutSuffixFold(c.arg, " TO RUNTIME")
	if !found {
		if name, found = cutSuffixFold(c.arg, " TO RUN"); !found {
			return s.sql(ctx, c.text)
		}
	}
	if strings.ContainsAny(name, "; '\"`") {
		return answer{}, adminError("Invalid name %s", name)
	}
	s.received(c)
	return answer{}, s.srv.layers.LoadUser(name, s.class.String()+" "+s.who())
}

// cutSuffixFold cuts a suffix off in whatever letter case.
func cutSuffixFold(text, suffix string) (before string, found bool) {
	at := len(text) - len(suffix)
	if at < 0 || !strings.EqualFold(text[at:], suffix) {
		return text, false
	}
	return text[:at], true
}
