// Package realtime keeps this process running while the machine is busy: its threads come
// before ordinary ones, and its memory is not swapped out. Programs it starts are ordinary
// again; see Reset.
//
// The package refuses to know what is urgent.
package realtime

import (
	"errors"
	"fmt"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// Enter gives all threads of this process a real-time priority (1 the lowest, 99), which new
// ones inherit. It needs CAP_SYS_NICE or a limit (RLIMIT_RTPRIO) that allows it.
func Enter(priority int) error {
	tasks, err := os.ReadDir("/proc/self/task")
	if err != nil {
		return fmt.Errorf("list threads: %w", err)
	}
	attr := &unix.SchedAttr{Size: unix.SizeofSchedAttr, Policy: unix.SCHED_RR, Priority: uint32(priority)}
	for _, t := range tasks {
		tid, err := strconv.Atoi(t.Name())
		if err != nil {
			continue
		}
		if err := unix.SchedSetAttr(tid, attr, 0); err != nil && !errors.Is(err, unix.ESRCH) {
			return fmt.Errorf("set real-time priority: %w", err)
		}
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

// Reset makes a program that was just started an ordinary one, if we are not.
func Reset(pid int) {
	own, err := unix.SchedGetAttr(0, 0)
	if err != nil || own.Policy != unix.SCHED_RR && own.Policy != unix.SCHED_FIFO {
		return
	}
	// It may have ended already; and what cannot be made ordinary still runs.
	_ = unix.SchedSetAttr(pid, &unix.SchedAttr{Size: unix.SizeofSchedAttr, Policy: unix.SCHED_NORMAL}, 0)
}
