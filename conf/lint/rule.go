package lint

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// activeRules are the rules in force, in the order they are tried.
func (l *linter) activeRules() []row {
	var out []row
	for _, r := range l.table("mysql_query_rules") {
		if r.on("active") {
			out = append(out, r)
		}
	}
	slices.SortStableFunc(out, func(a, b row) int {
		x, _ := a.number("rule_id")
		y, _ := b.number("rule_id")
		return x - y
	})
	return out
}

func ruleID(r row) string {
	id, _ := r.text("rule_id")
	return id
}

// The conditions of a rule besides its patterns.
var plainConditions = []string{"username", "schemaname", "client_addr", "proxy_addr", "proxy_port", "digest"}

// admits tells whether rule a is open to all that b is, as far as plain conditions go.
func admits(a, b row) bool {
	if x, y := flagIn(a), flagIn(b); x != y {
		return false
	}
	for _, c := range plainConditions {
		x, set := a.text(c)
		y, _ := b.text(c)
		if set && x != y {
			return false
		}
	}
	return true
}

func flagIn(r row) int {
	n, _ := r.number("flagIN")
	return n
}

func ruleShadowed(l *linter) {
	rules := l.activeRules()
	for j, b := range rules {
		for _, a := range rules[:j] {
			if a.on("apply") && admits(a, b) && broader(a, b, "match_digest") && broader(a, b, "match_pattern") && !rewritten(rules[:j]) {
				l.at(b, "rule_id", "give it a smaller rule_id than rule "+ruleID(a)+", or remove it",
					"rule %s is never reached: rule %s applies to everything it could match", ruleID(b), ruleID(a))
				break
			}
		}
	}
}

// rewritten tells whether one of the rules changes the text that later ones see.
func rewritten(rules []row) bool {
	return slices.ContainsFunc(rules, func(r row) bool {
		_, set := r.text("replace_pattern")
		return set
	})
}

var flagOuts = regexp.MustCompile(`"id"\s*:\s*([0-9]+)`)

// ruleFlag keeps silent about flag 0, where every statement begins.
func ruleFlag(l *linter) {
	reached := map[int]bool{0: true}
	rules := l.activeRules()
	for _, r := range rules {
		for _, c := range []string{"flagOUT", "next_query_flagIN", "mirror_flagOUT"} {
			if n, ok := r.number(c); ok {
				reached[n] = true
			}
		}
		attributes, _ := r.text("attributes")
		for _, m := range flagOuts.FindAllStringSubmatch(attributes, -1) {
			if n, err := strconv.Atoi(m[1]); err == nil {
				reached[n] = true
			}
		}
	}
	for _, r := range rules {
		if n := flagIn(r); !reached[n] {
			l.at(r, "flagIN", "", "rule %s is never reached: no rule has flagOUT %d", ruleID(r), n)
		}
	}
}

// Two statements that lock what they read, as the digest and the text of one show them.
const (
	lockingDigest = "SELECT c FROM t WHERE id=? FOR UPDATE"
	lockingText   = "SELECT c FROM t WHERE id=1 FOR UPDATE"
)

// forUpdateGuard sends a locking read through the rules and looks where it ends.
func forUpdateGuard(l *linter) {
	readers, rules := l.readers(), l.activeRules()
	for n, r := range rules {
		destination, set := r.number("destination_hostgroup")
		if !set || !readers[destination] || flagIn(r) != 0 || !general(r) || !takes(r) {
			continue
		}
		if last := route(rules, r); last != n {
			continue
		}
		column := "match_digest"
		if _, set := r.text(column); !set {
			column = "match_pattern"
		}
		l.at(r, column, "put a rule for ^SELECT .* FOR UPDATE to the writers before it",
			"rule %s sends SELECT … FOR UPDATE to the readers in hostgroup %d, where it is not part of an open transaction", ruleID(r), destination)
	}
}

// general tells whether a rule is about reads as such: not about one statement, and with a pattern.
func general(r row) bool {
	_, digest := r.text("digest")
	_, a := r.text("match_digest")
	_, b := r.text("match_pattern")
	_, rewrites := r.text("replace_pattern")
	return !digest && !rewrites && (a || b)
}

// route is the number of the rule that decides where the locking read goes, if it comes from
// whom r is about; -1 where that cannot be said.
func route(rules []row, r row) int {
	last := -1
	for n, other := range rules {
		if !admits(other, r) || !takes(other) {
			continue
		}
		if _, rewrites := other.text("replace_pattern"); rewrites {
			return -1
		}
		if _, set := other.text("destination_hostgroup"); set {
			last = n
		}
		if other.on("apply") {
			return last
		}
		if _, set := other.text("flagOUT"); set {
			return -1
		}
	}
	return last
}

// takes tells whether the patterns of a rule match the locking read.
func takes(r row) bool {
	for column, text := range map[string]string{"match_digest": lockingDigest, "match_pattern": lockingText} {
		pattern, set := r.text(column)
		if !set {
			continue
		}
		if !caseful(r) {
			pattern = "(?i)" + pattern
		}
		re, err := regexp.Compile(pattern)
		if err != nil || re.MatchString(text) == r.on("negate_match_pattern") {
			return false
		}
	}
	return true
}

// caseful tells whether the patterns of a rule tell upper case from lower case.
func caseful(r row) bool {
	modifiers, _ := r.text("re_modifiers")
	return !strings.Contains(strings.ToUpper(modifiers), "CASELESS")
}
