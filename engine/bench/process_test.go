package bench_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// run starts a program for the length of the test.
func run(t *testing.T, name string, args ...string) int {
	t.Helper()
	c := exec.Command(name, args...)
	log, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	c.Stdout, c.Stderr = log, log
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		early := c.Process.Signal(syscall.SIGTERM) != nil
		if err := c.Wait(); early {
			text, _ := os.ReadFile(log.Name())
			t.Errorf("%s ended by itself: %v\n%s", name, err, text[max(0, len(text)-2000):])
		}
		log.Close()
	})
	return c.Process.Pid
}

// tick is the unit of the CPU times in /proc.
const tick = 10 * time.Millisecond

// cpu is the CPU time a process and its children have used.
func cpu(t *testing.T, pid int) time.Duration {
	t.Helper()
	b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		t.Fatal(err)
	}
	f := strings.Fields(string(b[strings.LastIndexByte(string(b), ')')+1:]))
	user, _ := strconv.Atoi(f[11])
	system, _ := strconv.Atoi(f[12])
	sum := time.Duration(user+system) * tick
	for _, child := range children(pid) {
		sum += cpu(t, child)
	}
	return sum
}

// memory is the resident memory of a process and its children, in bytes.
func memory(t *testing.T, pid int) int {
	t.Helper()
	b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/statm")
	if err != nil {
		t.Fatal(err)
	}
	pages, _ := strconv.Atoi(strings.Fields(string(b))[1])
	sum := pages * os.Getpagesize()
	for _, child := range children(pid) {
		sum += memory(t, child)
	}
	return sum
}

func children(pid int) []int {
	var pids []int
	tasks, _ := filepath.Glob("/proc/" + strconv.Itoa(pid) + "/task/*/children")
	for _, name := range tasks {
		b, _ := os.ReadFile(name) // a thread that has ended has no children
		for _, child := range strings.Fields(string(b)) {
			if n, err := strconv.Atoi(child); err == nil {
				pids = append(pids, n)
			}
		}
	}
	return pids
}
