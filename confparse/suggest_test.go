package confparse_test

import (
	"testing"

	"github.com/keepsql/keepsql/confparse"
)

func TestSuggest(t *testing.T) {
	known := []string{"monitor_username", "monitor_password", "threads", "virtual_ipaddress", "rise", "fall", "weight", "user", "state", "Interval"}
	for name, want := range map[string]string{
		"montor_username":   "monitor_username", // left out
		"monitor_usernamee": "monitor_username", // added
		"monitor_isername":  "monitor_username", // changed
		"mointor_username":  "monitor_username", // swapped
		"raise":             "rise",
		"virtual_ipadress":  "virtual_ipaddress",
		"THREADS":           "threads",
		"interval":          "Interval",
		"wieght":            "weight",
		"stat":              "state",
		"completely_other":  "",
		"fa":                "",
		"":                  "",
		"threads":           "", // known itself
	} {
		if got := confparse.Suggest(name, known); got != want {
			t.Errorf("%q: want %q, got %q", name, want, got)
		}
	}
	if got := confparse.Suggest("abcd", []string{"abcx", "abca", "abcz"}); got != "abca" {
		t.Errorf("of equally near ones the first: got %q", got)
	}
}
