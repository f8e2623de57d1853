// Package gtid knows which transactions a server has executed, by their global transaction ids.
//
//  1. An ID names a transaction, or a few in a row, as a server tells it in the OK packet of the statement that committed it,
//     or as a client writes it into the hint min_gtid: MySQL's uuid:number and MariaDB's domain-server-number.
//  2. A Set is all that a server has executed. It never changes; a Builder makes the next one.
//  3. A Decoder reads the lines of ProxySQL's binlog reader, which begins with the whole set and goes on with what is added.
//  4. A Follower stays connected to such a reader and publishes what it hears in an Executed, which anybody may ask without
//     a lock.
//
// Where the connection is lost, an Executed knows nothing until the reader has told the whole set anew: the server may have
// come back with less than it had.
//
// The package refuses to know about hostgroups, statements and sessions, and who waits for a transaction.
package gtid
