// Package proxy serves MySQL clients: it logs them in, decides for each statement which server it goes to, and passes
// statements and answers on.
//
// A session is linear code. It logs its client in on a goroutine of its own and goes on as a Task on an event loop (package
// eventloop), which it leaves before whatever may block and is not waiting at a socket. For each command it goes through these
// stages:
//
//  1. session.go: wait for a command without holding a buffer, read it, find its family (one file each).
//  2. parse.go: digest text, hash, class and first comment of the statement.
//  3. route.go: rules and comment hints give a decision; locks, transactions and the user's default give the hostgroup.
//     causal.go: what its server must have executed before.
//  4. local.go, setstmt.go, control.go: what the proxy answers itself.
//  5. backends.go: a server connection, one the session holds already or one from the pool.
//  6. replay.go: bring the connection to the session's schema and variables, in one round trip at most.
//  7. forward.go, relay.go: send the statement and pass the answer on as it arrives, without decoding rows.
//     upload.go: a file that the server asks the client for.
//  8. account.go: statistics.
//  9. sticky.go, held.go, tracking.go, backends.go: keep the connection if the server holds state of the session, else give it
//     back.
//
// Prepared statements (prepared*.go) go the same way: PREPARE is answered from a cache or by a server, and EXECUTE is brought
// to a connection together with the statement where that lacks it. A connection is kept for an open cursor only.
//
// A statement is tried again only if nothing of it left the socket, or if it only reads, outside of a transaction, and
// nothing was answered. A server lost in mid-statement is error 2013 for the client, with the server's name.
//
// Sessions work on snapshots of the configuration, taken once per statement. What other goroutines may see of a session is
// its view; the watchdog looks at the views to find clients that went away and limits that ran out, and wakes sessions by
// a read deadline in the past. In steady state a statement allocates nothing.
//
// Narrow so far:
//
//   - A server lost amid a packet of its answer ends the client's connection without an error packet. Between packets the
//     client gets error 2013 before.
//   - Reads outside of a transaction run with autocommit on even if the session has it off, as upstream has it; the status
//     flags in their answers are the session's.
//   - No query cache, mirroring, firewall and logs.
package proxy
