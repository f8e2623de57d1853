//go:build race

package rule_test

// The race detector makes sync.Pool, which regexp2 uses, forget at random.
const raceEnabled = true
