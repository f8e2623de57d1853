package hostgroup

import (
	"testing"
	"time"

	"github.com/keepsql/keepsql/engine/gtid"
)

// What a server said of itself is believed for a while only, what its reader said as long as that is connected.
func TestOldPositionsAreForgotten(t *testing.T) {
	now := time.Unix(1000, 0)
	asked, followed := &feed{key: feedKey{port: 1}}, &feed{key: feedKey{port: 2, gtidPort: 3}}
	f := feeds{all: map[feedKey]*feed{asked.key: asked, followed.key: followed}}
	for _, n := range f.all {
		n.Publish(new(gtid.Set), 1)
	}
	asked.asked.Store(now.UnixNano())
	f.forgetOld(now.Add(trusted))
	if !asked.Known() {
		t.Error("forgotten at once")
	}
	f.forgetOld(now.Add(trusted + time.Millisecond))
	if asked.Known() || !followed.Known() {
		t.Errorf("asked: %v, followed: %v", asked.Known(), followed.Known())
	}
}
