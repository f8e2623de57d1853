// Package admin is the admin interface: SQL over the MySQL protocol on the layers of the configuration.
//
//  1. Server listens on admin-mysql_ifaces and logs clients in (login.go, settings.go): an account is of class admin or
//     stats, which decides what its statements may do;
//  2. session reads commands (protocol.go). The text of a query is normalised (statement.go) and looked up in one table of
//     commands, a file for each family of them: LOAD and SAVE, SET, SHOW, PROXYSQL, CHECKSUM, what clients ask on their own, …;
//  3. any other text goes to SQLite (sql.go), after the runtime_ and stats_ tables it names were filled with what is in
//     force (refresh.go);
//  4. the answer goes out in upstream's format (answer.go).
//
// Nothing a client sends may stop or block the process: statements run under rights and limits, end with their client, and
// never touch the data path. The package refuses to know how traffic is served: what it shows of it comes as stats.Tables,
// what it does to it goes through Control.
package admin
