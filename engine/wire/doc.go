// Package wire speaks the MySQL client/server protocol, on both sides of a connection. It serves the proxy's client
// side and backend side, the admin server, the embedded SQLite server, and the clients of monitor and cluster.
//
// How data flows, from the socket upwards:
//
//  1. Socket is a net.Conn, so crypto/tls can sit on it. Once an event loop has adopted it, it does non-blocking system calls
//     and waits there only when the kernel has nothing to give or no room to take (socket_loop.go).
//  2. Conn reads and writes packets over a Socket (or TLS above it) through buffers that come from a pool and go back
//     while the connection is idle. It hands out packets, assembled packets, or raw chunks for relaying.
//     With CapCompress a layer of frames lies between the two (compress.go).
//  3. Each message is a struct with Decode and an append-style Append, one file per message: Greeting, SSLRequest,
//     HandshakeResponse, AuthSwitch, AuthMoreData, OK, EOF, Error, ChangeUser, Column.
//  4. Authenticator is the server's side of a login, Connect the client's.
//  5. Answer follows the server's answer to a command over raw bytes, so that it can be passed on without decoding rows;
//     Translator does the same while it converts between connections whose capabilities differ.
//  6. ResultWriter and Client are the text protocol's two ends for servers and clients of our own.
//
// Slices that point into a connection's buffer are valid until the next read from the same connection; every method
// that returns one says so. Nothing here is safe for concurrent use, except that one goroutine may read a Conn while
// another writes to it with WriteRaw, and that Close, Kill and the deadline setters may be called at any time.
//
// The package refuses to know about hostgroups, users tables, SQL text, retries and logging: it reports, callers decide.
// It imports nothing else of the project but the event loops.
package wire
