// Package hostgroup knows the backend servers: which there are, which can be used, and which open connections to them are
// free.
//
// How a statement gets a connection:
//
//  1. The module mysql_servers becomes an immutable view: hostgroups and their servers. What a server has learnt (pool,
//     counters, shunning) lives in a Server, which survives reloads under the same hostgroup, host and port.
//  2. Manager.Acquire draws a server by weight among those that are ONLINE, not shunned and below max_connections, and, where
//     the request wants it, have executed a transaction (causal.go; feeds.go listens to what servers execute, ask.go asks them).
//  3. It takes the free connection of that server that fits best (same login and capabilities are needed, same schema and
//     session state are better), or opens one; connect errors are counted, and a server with too many is shunned.
//  4. Where nothing is free it waits for its turn, until mysql-connect_timeout_server_max; the refusal, error 9001 or 9002,
//     says why.
//  5. Manager.Release gives the connection back, Manager.Discard closes it.
//  6. Manager.Run looks after what nobody is using: idle connections are pinged and trimmed, shunned servers come back,
//     removed servers are drained, backend threads of lost clients are killed.
//
// Locks: each Server has one, which guards its pool and its shunning; each hostgroup has one for the queue of those who
// wait. Neither is held while the other is taken. A third one guards which binlog readers are followed.
//
// The package refuses to know about clients' statements, rules, client sessions and SET: the session state of a connection is a
// number to it, and a value that it carries for the caller.
package hostgroup
