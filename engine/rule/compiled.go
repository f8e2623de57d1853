package rule

import (
	"fmt"
	"strconv"
	"strings"
)

// compiled is a rule ready for evaluation.
type compiled struct {
	row *Row

	addrPrefix bool // client_addr ends in '%', which is cut off in addr
	addr       string
	digest     uint64

	matchDigest  *pattern
	matchPattern *pattern
	negate       bool
	caseless     bool

	template template // of replace_pattern
	rewrites bool
	global   bool

	flagChoice *flagChoice
}

// Error tells why a rule was left out.
type Error struct {
	RuleID int
	Column string
	Err    error
}

// Error names the rule and the column.
func (e *Error) Error() string {
	return fmt.Sprintf("compile %s of rule %d: %v", e.Column, e.RuleID, e.Err)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

func compileRule(row *Row, o *Options, known patterns) (*compiled, error) {
	c := &compiled{row: row, negate: row.NegateMatchPattern}
	c.addr, c.addrPrefix = strings.CutSuffix(row.ClientAddr.V, "%")
	fail := func(column string, err error) (*compiled, error) {
		return nil, &Error{RuleID: row.RuleID, Column: column, Err: err}
	}
	var err error
	if row.Digest.Valid {
		if c.digest, err = parseDigest(row.Digest.V); err != nil {
			return fail("digest", err)
		}
	}
	if c.caseless, err = c.modifiers(row.ReModifiers.V); err != nil {
		return fail("re_modifiers", err)
	}
	if row.MatchDigest.Valid {
		if c.matchDigest, err = known.compile(row.MatchDigest.V, c.caseless, o); err != nil {
			return fail("match_digest", err)
		}
	}
	if row.MatchPattern.Valid {
		if c.matchPattern, err = known.compile(row.MatchPattern.V, c.caseless, o); err != nil {
			return fail("match_pattern", err)
		}
	}
	if row.ReplacePattern.Valid && c.matchPattern != nil {
		if c.template, err = parseTemplate(row.ReplacePattern.V, c.matchPattern.groups()); err != nil {
			return fail("replace_pattern", err)
		}
		c.rewrites = true
	}
	if c.flagChoice, err = parseAttributes(row.Attributes, o.Rand); err != nil {
		return fail("attributes", err)
	}
	return c, nil
}

// modifiers reads re_modifiers, of which unknown words are errors.
func (c *compiled) modifiers(list string) (caseless bool, err error) {
	for word := range strings.SplitSeq(list, ",") {
		switch strings.ToUpper(strings.TrimSpace(word)) {
		case "CASELESS":
			caseless = true
		case "GLOBAL":
			c.global = true
		case "":
		default:
			return false, fmt.Errorf("unknown modifier %q", strings.TrimSpace(word))
		}
	}
	return caseless, nil
}

func parseDigest(text string) (uint64, error) {
	hex := strings.TrimPrefix(strings.TrimPrefix(text, "0x"), "0X")
	n, err := strconv.ParseUint(hex, 16, 64)
	if err != nil {
		return 0, fmt.Errorf("%q is not a hexadecimal digest", text)
	}
	return n, nil
}
