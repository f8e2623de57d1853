// Package firewall decides which statements may pass: a white list by user, and statements that look like SQL injection.
//
// Data flow:
//
//  1. Compile turns rows of mysql_firewall_whitelist_users, …_rules and …_sqli_fingerprints into a Set, which never changes.
//  2. Set.Judge says whether a statement of a user, known by its digest, may pass.
//  3. Injection says whether a text looks like SQL injection, and Set.Harmless whether that fingerprint is on the white list.
//
// The package does not know sessions and changes nothing: what becomes of a statement is the caller's business.
package firewall

import (
	"fmt"
	"strconv"
	"strings"

	libinjection "github.com/corazawaf/libinjection-go"
)

// UserRow is a row of mysql_firewall_whitelist_users.
type UserRow struct {
	Username      string
	ClientAddress string // empty: any
	Mode          string // OFF, DETECTING, PROTECTING
}

// RuleRow is a row of mysql_firewall_whitelist_rules: a digest that is allowed.
type RuleRow struct {
	Username      string
	ClientAddress string // empty: any
	Schemaname    string
	FlagIN        int
	Digest        string // hexadecimal, as 0x1C46AE529DD5A40E
}

// Set is a compiled white list.
type Set struct {
	users        map[account]Verdict
	rules        map[rule]struct{}
	fingerprints map[string]struct{}
}

type account struct{ user, client string }

type rule struct {
	account
	schema string
	flag   int
	digest uint64
}

// Verdict is what becomes of a statement.
type Verdict int

// The verdicts.
const (
	Pass    Verdict = iota
	Detect          // pass, with a word in the log
	Block           // refuse
	Unknown         // refuse: the user is not in the table
)

// Compile compiles active rows. Rules whose digest is no number are left out, with an error each.
func Compile(users []UserRow, rules []RuleRow, fingerprints []string) (*Set, []error) {
	s := &Set{users: map[account]Verdict{}, rules: map[rule]struct{}{}, fingerprints: map[string]struct{}{}}
	modes := map[string]Verdict{"OFF": Pass, "DETECTING": Detect, "PROTECTING": Block}
	for _, u := range users {
		s.users[account{u.Username, u.ClientAddress}] = modes[u.Mode]
	}
	var errs []error
	for _, r := range rules {
		digest, err := strconv.ParseUint(strings.TrimPrefix(strings.ToLower(r.Digest), "0x"), 16, 64)
		if err != nil {
			errs = append(errs, fmt.Errorf("read digest of firewall rule for user %q in schema %q: %q is no hexadecimal digest",
				r.Username, r.Schemaname, r.Digest))
			continue
		}
		s.rules[rule{account{r.Username, r.ClientAddress}, r.Schemaname, r.FlagIN, digest}] = struct{}{}
	}
	for _, f := range fingerprints {
		s.fingerprints[f] = struct{}{}
	}
	return s, errs
}

// Judge tells what becomes of a statement. Rows for the client's address win over those for any address. It does not allocate.
func (s *Set) Judge(user, client, schema string, flag int, digest uint64) Verdict {
	mode, known := s.users[account{user, client}]
	if !known {
		mode, known = s.users[account{user, ""}]
	}
	if known && mode == Pass {
		return Pass
	}
	r := rule{account{user, client}, schema, flag, digest}
	if _, allowed := s.rules[r]; allowed {
		return Pass
	}
	r.client = ""
	if _, allowed := s.rules[r]; allowed {
		return Pass
	}
	if !known {
		return Unknown
	}
	return mode
}

// Injection reports whether a text looks like SQL injection, and by which fingerprint of libinjection.
func Injection(text string) (fingerprint string, found bool) {
	found, fingerprint = libinjection.IsSQLi(text)
	return fingerprint, found
}

// Harmless reports whether a fingerprint is on the white list.
func (s *Set) Harmless(fingerprint string) bool {
	_, found := s.fingerprints[fingerprint]
	return found
}

// Sizes are how many rows the Set has: users, rules.
func (s *Set) Sizes() (users, rules int) { return len(s.users), len(s.rules) }
