// Package rule decides what happens to a statement: it holds the query rules and
// the fast routing table in compiled form and evaluates them.
//
// Data flow:
//
//  1. Compile turns rows of mysql_query_rules and mysql_query_rules_fast_routing
//     into a Set, which never changes but for its hit counters. A rule that does
//     not compile is left out and reported.
//  2. Set.Match looks up which rules can match at all: bit sets by flag, user,
//     schema and digest (index.go), and one pass of an Aho-Corasick automaton over
//     each text for the literals that the regular expressions cannot do without
//     (literal.go, automaton.go).
//  3. What is left is evaluated in the order of rule_id (match.go, pattern.go). A
//     matching rule counts a hit, sets outputs, may rewrite the text and change the
//     flag, and may end the walk.
//  4. The fast routing table has the last word about the hostgroup.
//  5. ParseAnnotations reads the instructions in a statement's first comment.
//
// Step 2 only saves time: Options.NoPrefilter leaves it out and must not change
// any Decision.
//
// Patterns are PCRE over bytes, run by regexp2, or RE2, run by the standard
// library. The package knows nothing of sessions, hostgroups' servers, caches or
// the wire; it reads a Query and fills in a Decision.
package rule
