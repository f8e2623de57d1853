package vrrp

import (
	"golang.org/x/sys/unix"

	"github.com/keepsql/keepsql/vrrp/realtime"
)

// defaultPriority is above all ordinary threads and below everything else with real-time priority.
const defaultPriority = 1

// beUrgent keeps the loop's thread running while the machine is busy: with the priority that
// vrrp_rt_priority or vrrp_priority asks for, else the lowest real-time one. keepalived does
// this only when it is asked to. What is not allowed is said once and done without.
func (l *loop) beUrgent() {
	if !l.s.opts.Realtime {
		return
	}
	g := l.s.config().Global
	switch {
	case g.RealtimePriority > 0:
		if err := l.enter(g.RealtimePriority); err != nil {
			l.log.Warn().Err(err).Msg("adverts may be late while this host is busy (CAP_SYS_NICE or a limit of RTPRIO allows it)")
		}
	case g.Nice != nil:
		if err := realtime.Nice(*g.Nice); err != nil {
			l.log.Warn().Err(err).Msg("adverts may be late while this host is busy (CAP_SYS_NICE or a limit of NICE allows it)")
		}
	default:
		if err := l.enter(defaultPriority); err != nil {
			l.log.Info().Err(err).Msg("adverts may be late while this host is busy (CAP_SYS_NICE or a limit of RTPRIO allows it)")
		}
	}
	if g.NoSwap {
		if err := realtime.Lock(); err != nil {
			l.log.Warn().Err(err).Msg("memory may be swapped out: adverts may be late then (CAP_IPC_LOCK allows it)")
		}
	}
}

// enter asks the kernel, and where that refuses, somebody with more rights.
func (l *loop) enter(priority int) error {
	err := realtime.Enter(priority)
	if err == nil || l.s.opts.Helper.Urge(unix.Gettid(), priority) == nil {
		return nil
	}
	return err
}
