// Package sqliteserver is the embedded database server: SQLite behind the MySQL protocol, on port 6030 when the engine runs
// with --sqlite3-server, as upstream has it. It is a backend for demonstrations and for tests without a real server.
//
//  1. The variables sqliteserver-mysql_ifaces and sqliteserver-read_only, the users and the monitor's account arrive as
//     snapshots; a changed interface list is applied live.
//  2. A session logs in against mysql_users and gets an SQLite connection of its own on the shared database: the file
//     sqlite3server.db in the data directory, or one in memory that ends with the server.
//  3. A statement is MySQL's where clients and proxies need it to be: SET, USE, SHOW, DESCRIBE, transactions, @variables,
//     FOR UPDATE. Those are done here or rewritten; all other text is SQLite's, in its own dialect.
//  4. Rows are sent as SQLite gives them, every column as text.
//
// Status flags are those of real transactions, autocommit=0 included. What SQLite refuses is error 1045 "ProxySQL SQLite3
// Error: …" with SQLite's text; a lock not granted is 1205.
//
// The package refuses to know hostgroups, rules and the proxy in front of it, and has no prepared statements.
package sqliteserver
