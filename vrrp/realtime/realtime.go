// Package realtime keeps one thread of this process running while the machine is busy: it comes
// before ordinary ones, and the memory of the process is not swapped out.
//
// It is one thread on purpose. Where all threads of a Go program have real-time priority, those
// that collect garbage or look for work keep everything else off the processors, and where two
// such programs share two processors, each other.
//
// The package refuses to know what is urgent.
package realtime

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// resetOnFork makes threads and programs that the thread starts ordinary ones
// (SCHED_FLAG_RESET_ON_FORK of sched_setattr(2)).
const resetOnFork = 1

// Enter gives the calling thread a real-time priority (1 the lowest, 99). The goroutine must be
// locked to it. It needs CAP_SYS_NICE or a limit (RLIMIT_RTPRIO) that allows it.
func Enter(priority int) error { return EnterThread(0, priority) }

// EnterThread is Enter for the thread with the given number, perhaps of another process, which
// takes CAP_SYS_NICE; 0 is the calling one.
func EnterThread(tid, priority int) error {
	attr := &unix.SchedAttr{Size: unix.SizeofSchedAttr, Policy: unix.SCHED_RR, Flags: resetOnFork, Priority: uint32(priority)}
	if err := unix.SchedSetAttr(tid, attr, 0); err != nil {
		return fmt.Errorf("set real-time priority %d: %w", priority, err)
	}
	return nil
}

// Nice gives the calling thread an ordinary priority between −20, the most urgent, and 19. Less
// than 0 needs what Enter needs, or RLIMIT_NICE.
func Nice(nice int) error {
	if err := unix.Setpriority(unix.PRIO_PROCESS, 0, nice); err != nil {
		return fmt.Errorf("set nice value %d: %w", nice, err)
	}
	return nil
}

// Lock keeps what is in memory there, and what comes to it later. It needs CAP_IPC_LOCK or a
// limit (RLIMIT_MEMLOCK) that allows it.
func Lock() error {
	if err := unix.Mlockall(unix.MCL_CURRENT | unix.MCL_FUTURE | unix.MCL_ONFAULT); err != nil {
		return fmt.Errorf("lock memory: %w", err)
	}
	return nil
}
