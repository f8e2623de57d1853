package probe

import (
	"bytes"
	"context"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Process watches whether enough processes match. New ones are found by looking at /proc,
// which works in every container and namespace; the end of one is noticed at once.
type Process struct {
	Command []string // name or path, and parameters
	// Full compares the command line even without parameters.
	Full bool
	// Initial and Partial loosen the comparison of parameters: a process may have more of
	// them; with Partial the last one may also be longer.
	Initial, Partial bool
	Quorum, Max      int // at least, at most; Max 0 is no limit
	// UpDelay and DownDelay are how long a change must last.
	UpDelay, DownDelay time.Duration
	Every              time.Duration // between two looks
	Report             func(up bool)
}

// comm is as much of a name as the kernel keeps.
const comm = 15

// Run watches until the context ends.
func (p *Process) Run(ctx context.Context) {
	w := watched{fds: map[int]int{}}
	defer w.close()
	known, up := false, false
	var since time.Time // when the other verdict was first seen; zero while it is not
	for ctx.Err() == nil {
		w.update(p.find())
		now := time.Now()
		enough := len(w.fds) >= p.Quorum && (p.Max == 0 || len(w.fds) <= p.Max)
		delay := p.DownDelay
		if enough {
			delay = p.UpDelay
		}
		switch {
		case known && enough == up:
			since = time.Time{}
		case known && since.IsZero():
			since = now
		}
		if !known || enough != up && now.Sub(since) >= delay {
			known, up, since = true, enough, time.Time{}
			p.Report(up)
		}
		wait := p.Every
		if !since.IsZero() {
			wait = min(wait, max(time.Millisecond, delay-now.Sub(since)))
		}
		w.wait(ctx, wait)
	}
}

// find lists the processes that match.
func (p *Process) find() []int {
	dir, err := os.Open("/proc")
	if err != nil {
		return nil
	}
	defer dir.Close()
	names, _ := dir.Readdirnames(-1) // what could be read counts
	var out []int
	for _, name := range names {
		if pid, err := strconv.Atoi(name); err == nil && p.matches("/proc/"+name) {
			out = append(out, pid)
		}
	}
	return out
}

// matches looks at one process. Without parameters its name counts, else its command line.
func (p *Process) matches(dir string) bool {
	name := p.Command[0]
	if len(p.Command) == 1 && !p.Full && !p.Initial && !p.Partial && !strings.Contains(name, "/") {
		b, err := os.ReadFile(dir + "/comm")
		return err == nil && string(bytes.TrimSpace(b)) == name[:min(len(name), comm)]
	}
	b, err := os.ReadFile(dir + "/cmdline")
	if err != nil || len(b) == 0 {
		return false // a zombie or a thread of the kernel
	}
	return p.sameLine(strings.Split(strings.TrimSuffix(string(b), "\x00"), "\x00"))
}

func (p *Process) sameLine(argv []string) bool {
	want := p.Command
	switch {
	case p.Partial && len(want) > 1:
		last := len(want) - 1
		return len(argv) >= len(want) && slices.Equal(argv[:last], want[:last]) && strings.HasPrefix(argv[last], want[last])
	case p.Initial || p.Partial:
		return len(argv) >= len(want) && slices.Equal(argv[:len(want)], want)
	}
	return slices.Equal(argv, want)
}

// watched holds a descriptor of every process that matches, which becomes readable at its end.
type watched struct{ fds map[int]int } // by process id; −1 where the kernel gave none

func (w *watched) update(pids []int) {
	for pid, fd := range w.fds {
		if !slices.Contains(pids, pid) {
			if fd >= 0 {
				unix.Close(fd)
			}
			delete(w.fds, pid)
		}
	}
	for _, pid := range pids {
		if _, ok := w.fds[pid]; ok {
			continue
		}
		fd, err := unix.PidfdOpen(pid, 0)
		if err != nil {
			fd = -1
		}
		w.fds[pid] = fd
	}
}

// slice is how long wait may be deaf to its context.
const slice = 100 * time.Millisecond

// wait returns after a time, or when a process has ended.
func (w *watched) wait(ctx context.Context, d time.Duration) {
	var list []unix.PollFd
	for _, fd := range w.fds {
		if fd >= 0 {
			list = append(list, unix.PollFd{Fd: int32(fd), Events: unix.POLLIN})
		}
	}
	for end := time.Now().Add(d); ctx.Err() == nil; {
		left := min(time.Until(end), slice)
		if left <= 0 {
			return
		}
		if n, err := unix.Poll(list, int(left.Milliseconds())+1); err == nil && n > 0 {
			w.reap(list)
			return
		}
	}
}

// reap drops the processes that have ended: until they are waited for, /proc still has them.
func (w *watched) reap(list []unix.PollFd) {
	for _, f := range list {
		for pid, fd := range w.fds {
			if f.Revents != 0 && int(f.Fd) == fd {
				unix.Close(fd)
				delete(w.fds, pid)
			}
		}
	}
}

func (w *watched) close() { w.update(nil) }
