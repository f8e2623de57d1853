//go:build race || !linux || !(amd64 || arm64 || riscv64 || loong64 || ppc64le)

package wire

import "net"

// rawSocket is never usable in this build; see socket_raw.go.
type rawSocket struct{}

func (rawSocket) init(net.Conn)                     {}
func (rawSocket) usable() bool                      { return false }
func (rawSocket) read([]byte) (int, error)          { panic("wire: raw read in a build without") }
func (rawSocket) write([]byte) (int, error)         { panic("wire: raw write in a build without") }
func (rawSocket) readPooled() (*buffer, int, error) { panic("wire: raw read in a build without") }
