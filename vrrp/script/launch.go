package script

import (
	"errors"
	"fmt"
	"os/exec"
	"syscall"
)

// Launcher starts programs. Local does so in this process; where it has given up the rights that
// needs, somebody else does it.
type Launcher interface {
	// Launch starts a command. A tied one gets SIGTERM when the speaker ends. The error says why
	// it could not be started.
	Launch(c Command, tied bool) (Process, error)
}

// Process is a program that was started.
type Process interface {
	// Wait waits for its end; it is called once.
	Wait() Result
	// Signal signals its whole process group; a script may have children. One that has ended is
	// no error.
	Signal(sig syscall.Signal)
}

// Local starts programs as children of this process.
type Local struct{}

// Launch implements Launcher.
func (Local) Launch(c Command, tied bool) (Process, error) {
	cmd, err := c.start(func(cmd *exec.Cmd) {
		if tied {
			cmd.SysProcAttr.Pdeathsig = syscall.SIGTERM
		}
	})
	if err != nil {
		return nil, err
	}
	return local{cmd}, nil
}

type local struct{ cmd *exec.Cmd }

func (p local) Wait() Result {
	err := p.cmd.Wait()
	if p.cmd.ProcessState == nil {
		return Result{Kind: NotRun, Err: errors.Join(errors.New("wait for it"), err)}
	}
	return resultOf(p.cmd.ProcessState)
}

func (p local) Signal(sig syscall.Signal) { _ = syscall.Kill(-p.cmd.Process.Pid, sig) }

// failure is what a result that is no success is as an error.
func (r Result) failure() error {
	switch {
	case r.OK():
		return nil
	case r.Kind == Exited:
		return fmt.Errorf("exit status %d", r.Code)
	case r.Kind == Signaled:
		return fmt.Errorf("signal: %s", syscall.Signal(r.Code))
	case r.Err != nil:
		return r.Err
	}
	return errors.New(r.String())
}

func orLocal(l Launcher) Launcher {
	if l == nil {
		return Local{}
	}
	return l
}
