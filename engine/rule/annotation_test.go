package rule_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/keepsql/keepsql/engine/rule"
)

// annotated returns what a comment without annotations gives, changed by f.
func annotated(f func(*rule.Annotations)) rule.Annotations {
	a := rule.Annotations{
		Hostgroup: rule.Unset, CacheTTL: rule.Unset, QueryDelay: rule.Unset, QueryRetries: rule.Unset, QueryTimeout: rule.Unset,
		Mirror: rule.Unset, MaxLag: rule.Unset, MinEpoch: rule.Unset, CreateNewConnection: rule.Unset,
	}
	if f != nil {
		f(&a)
	}
	return a
}

func TestParseAnnotations(t *testing.T) {
	for comment, want := range map[string]rule.Annotations{
		"":                                 annotated(nil),
		"application:web,controller=users": annotated(nil),
		"hostgroup":                        annotated(nil),
		"hostgroup=":                       annotated(nil),
		"hostgroup=-1":                     annotated(nil),
		"hostgroup=1x":                     annotated(nil),
		"hostgroup=99999999999999999999":   annotated(nil),
		" ;hostgroup=1;cache_ttl=1000 ":    annotated(func(a *rule.Annotations) { a.Hostgroup, a.CacheTTL = 1, 1000 }),
		"HostGroup = 2 ; x=1":              annotated(func(a *rule.Annotations) { a.Hostgroup = 2 }),
		"hostgroup=1;hostgroup=2":          annotated(func(a *rule.Annotations) { a.Hostgroup = 2 }),
		"query_delay=1;query_retries=2;query_timeout=3;mirror=4;max_lag_ms=5;min_epoch_ms=6;create_new_connection=1": annotated(func(a *rule.Annotations) {
			a.QueryDelay, a.QueryRetries, a.QueryTimeout, a.Mirror, a.MaxLag, a.MinEpoch, a.CreateNewConnection = 1, 2, 3, 4, 5, 6, 1
		}),
		"min_gtid=3E11FA47-71CA-11E1-9E33-C80AA9429562:23": annotated(func(a *rule.Annotations) {
			a.MinGTID = []byte("3E11FA47-71CA-11E1-9E33-C80AA9429562:23")
		}),
	} {
		var got rule.Annotations
		rule.ParseAnnotations([]byte(comment), &got)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("comment %q (-want +got):\n%s", comment, diff)
		}
	}
}

func FuzzParseAnnotations(f *testing.F) {
	f.Add([]byte(" ;hostgroup=1;cache_ttl=1000;min_gtid=a:1 "))
	f.Add([]byte("= ; =1;create_new_connectionn=1;hostgroup==1"))
	f.Fuzz(func(t *testing.T, comment []byte) {
		var a rule.Annotations
		rule.ParseAnnotations(comment, &a)
		for _, n := range []int{a.Hostgroup, a.CacheTTL, a.QueryDelay, a.QueryRetries, a.QueryTimeout, a.Mirror, a.MaxLag, a.MinEpoch, a.CreateNewConnection} {
			if n < rule.Unset {
				t.Errorf("comment %q: number %d", comment, n)
			}
		}
	})
}
