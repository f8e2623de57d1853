//go:build !linux

package eventloop

import (
	"errors"
	"sync"
	"time"
)

// Loops do not exist on this system.
type Loops struct{ tasks sync.WaitGroup }

// Descriptor does not exist on this system.
type Descriptor struct{}

var errSystem = errors.ErrUnsupported

// New returns nil: there is no epoll.
func New(int) (*Loops, error) { return nil, nil }

// Close does nothing.
func (l *Loops) Close() error { return nil }

// Stalls is 0.
func (l *Loops) Stalls() uint64 { return 0 }

// Open fails.
func (l *Loops) Open(int) (*Descriptor, error) { return nil, errSystem }

// BeginRead fails, as the others do: there is no Descriptor.
func (d *Descriptor) BeginRead() (int, error)    { return 0, errSystem }
func (d *Descriptor) BeginWrite() (int, error)   { return 0, errSystem }
func (d *Descriptor) Begin() (int, error)        { return 0, errSystem }
func (d *Descriptor) HungUp() bool               { return false }
func (d *Descriptor) End()                       {}
func (d *Descriptor) WaitRead(*Task) error       { return errSystem }
func (d *Descriptor) WaitWrite(*Task) error      { return errSystem }
func (d *Descriptor) SetReadDeadline(time.Time)  {}
func (d *Descriptor) SetWriteDeadline(time.Time) {}
func (d *Descriptor) Close() error               { return errSystem }
