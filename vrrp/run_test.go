package vrrp_test

import (
	"context"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/keepsql/keepsql/internal/leaktest"
	"github.com/keepsql/keepsql/vrrp"
	"github.com/keepsql/keepsql/vrrp/internal/netlab"
)

// TestRunWithoutInterface needs no root: the instance waits in FAULT for an interface that
// does not exist, its check runs, and at the end every goroutine is gone.
func TestRunWithoutInterface(t *testing.T) {
	leaktest.New(t)
	s := vrrp.New(zerolog.Nop(), vrrp.Options{Timings: vrrp.Timings{Renew: 20 * time.Millisecond, Retry: 20 * time.Millisecond}})
	s.Apply(mustBuild(t, `
vrrp_script chk {
	script "/bin/sh -c 'exit 1'"
	weight -20
}
vrrp_instance VI_1 {
	interface nope0
	virtual_router_id 1
	virtual_ipaddress { 192.0.2.1/24 }
	track_script {
		chk
	}
}
vrrp_instance HMAC {
	interface nope0
	virtual_router_id 2
	virtual_ipaddress { 192.0.2.2/24 }
	auth_hmac {
	}
}`))
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- s.Run(ctx) }()
	netlab.Eventually(t, "the instance is in fault with a failed check", func() bool {
		st := s.Status()
		return len(st) == 2 && st[0].State == "FAULT" && st[0].EffectivePriority == 80 && st[1].State == "INIT" && st[1].Skip != ""
	})
	cancel()
	start := time.Now()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if d := time.Since(start); d > 10*second {
		t.Errorf("stopping took %v", d)
	}
	if st := s.Status(); len(st) != 2 || st[0].State != "INIT" {
		t.Errorf("after the end: %+v", st)
	}
}
