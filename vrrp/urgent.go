package vrrp

import (
	"runtime"

	"github.com/keepsql/keepsql/vrrp/realtime"
)

// lowestRealtime comes before all ordinary threads, and after everybody else's real-time ones.
const lowestRealtime = 1

// beUrgent keeps the speaker running while the machine is busy. The loop gets a thread of its
// own. What is not allowed is said once and done without.
func (l *loop) beUrgent() {
	runtime.LockOSThread()
	priority := l.s.config().Global.RealtimePriority
	if priority == 0 {
		priority = lowestRealtime
	}
	if err := realtime.Enter(priority); err != nil {
		l.log.Info().Err(err).Msg("no real-time priority: adverts may be late while this host is busy (CAP_SYS_NICE allows it)")
	}
	if err := realtime.Lock(); err != nil {
		l.log.Info().Err(err).Msg("memory may be swapped out: adverts may be late then (CAP_IPC_LOCK allows it)")
	}
}
