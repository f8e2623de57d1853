// Package prepared keeps what a proxy knows of the prepared statements of the binary protocol, so that sessions share them
// and none has to keep a server connection for its own.
//
//  1. A Cache has one Statement per text, user, schema, hostgroup and whatever else changes what the text means. Find is for
//     COM_STMT_PREPARE: a statement that is known needs no server.
//  2. Sessions refer to Statements under ids of their own and count as clients of them until Drop.
//  3. A Set is the statements that exist on one server connection, with the server's ids, least recently used first to go.
//
// Executing a statement touches a Set only, which belongs to whoever has the connection: no lock, and no memory that other
// processors write to. Cache and Statement may be used by all goroutines.
//
// The package refuses to know about packets, sessions and rules.
package prepared
