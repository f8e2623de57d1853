package vrrp

import "github.com/keepsql/keepsql/vrrp/realtime"

// beUrgent keeps the speaker running while the machine is busy, if the configuration asks for
// it (vrrp_rt_priority, vrrp_no_swap). What is not allowed is said once and done without.
//
// It is not the default: with hundreds of routers all at real-time priority the runtime's
// threads were measured to hold each other up, and the rest of a small machine with them.
func (l *loop) beUrgent() {
	g := l.s.config().Global
	if g.RealtimePriority > 0 {
		if err := realtime.Enter(g.RealtimePriority); err != nil {
			l.log.Warn().Err(err).Msg("no real-time priority: adverts may be late while this host is busy (CAP_SYS_NICE allows it)")
		}
	}
	if g.NoSwap {
		if err := realtime.Lock(); err != nil {
			l.log.Warn().Err(err).Msg("memory may be swapped out: adverts may be late then (CAP_IPC_LOCK allows it)")
		}
	}
}
