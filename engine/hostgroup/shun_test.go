package hostgroup

import (
	"testing"
	"time"
)

func TestShun(t *testing.T) {
	r := shunRules{onFailures: 5, retries: 10, recovery: 10 * time.Second, connectMax: 10 * time.Second}
	start := time.Unix(1000, 0)
	var s shun
	for i := range 4 {
		if s.fail(start, "x", r) {
			t.Errorf("shunned by error %d", i+1)
		}
	}
	if s.fail(start.Add(time.Second), "x", r) {
		t.Error("errors of two seconds were added up")
	}
	for range 3 {
		s.fail(start.Add(time.Second), "x", r)
	}
	if !s.fail(start.Add(time.Second), "last", r) || s.cause != "last" {
		t.Error("not shunned by five errors in a second")
	}
	at := start.Add(time.Second)
	for _, c := range []struct {
		after  time.Duration
		urgent bool
		back   bool
	}{
		{500 * time.Millisecond, true, false},
		{time.Second, true, true},
		{8 * time.Second, false, false},
		{9 * time.Second, false, true}, // a second less than statements wait
	} {
		if got := func(s shun) bool { return s.recover(at.Add(c.after), c.urgent, r) }(s); got != c.back {
			t.Errorf("after %v, urgent %v: %v", c.after, c.urgent, got)
		}
	}
	r.recovery = 0
	if s.recover(at.Add(time.Hour), true, r) {
		t.Error("recovered although shun_recovery_time_sec is 0")
	}
	if (shunRules{onFailures: 5, retries: 0}).limit() != 1 {
		t.Error("limit without retries")
	}
}

func TestHarmless(t *testing.T) {
	for code, want := range map[uint16]bool{1045: true, 1049: true, 1064: true, 1226: true, 1040: false, 1053: false, 1105: false, 2013: false} {
		if harmless(code) != want {
			t.Errorf("harmless(%d) = %v", code, !want)
		}
	}
}
