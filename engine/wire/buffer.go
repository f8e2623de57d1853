package wire

import "sync"

// bufferSize is what one read asks for at most, and what a writer collects before it writes: most statements and most
// answers of OLTP traffic fit in it.
const bufferSize = 16 << 10

type buffer [bufferSize]byte

// buffers only recycles memory between connections; nothing can be observed of its state.
var buffers = sync.Pool{New: func() any { return new(buffer) }}

func getBuffer() *buffer { return buffers.Get().(*buffer) }

func putBuffer(b *buffer) { buffers.Put(b) }
