package script

import (
	"fmt"
	"os"
	"syscall"
)

// Kind is how a run ended.
type Kind uint8

// The kinds. Only Exited with code 0 is a success.
const (
	Exited   Kind = iota + 1
	Signaled      // by somebody else than us
	TimedOut      // reported at the timeout, not when the process has gone
	NotRun        // could not be started; Err says why
)

// Result is how one run of a check ended.
type Result struct {
	Kind Kind
	Code int   // exit status or signal number
	Err  error `json:"-"` // of NotRun
}

// OK tells whether the check passed.
func (r Result) OK() bool { return r.Kind == Exited && r.Code == 0 }

// String is keepalived's wording: it stands behind "VRRP_Script(NAME) ".
func (r Result) String() string {
	switch {
	case r.OK():
		return "succeeded"
	case r.Kind == Exited:
		return fmt.Sprintf("failed (exited with status %d)", r.Code)
	case r.Kind == Signaled:
		return fmt.Sprintf("failed (due to signal %d)", r.Code)
	case r.Kind == TimedOut:
		return "timed_out"
	}
	return fmt.Sprintf("failed (cannot be run: %v)", r.Err)
}

func resultOf(state *os.ProcessState) Result {
	ws, ok := state.Sys().(syscall.WaitStatus)
	if ok && ws.Signaled() {
		return Result{Kind: Signaled, Code: int(ws.Signal())}
	}
	return Result{Kind: Exited, Code: state.ExitCode()}
}
