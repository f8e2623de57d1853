// Package verdict decides what results of checks mean for servers. It is pure: events and the time go in, actions come out.
//
//  1. Config says which servers are in force, which hostgroups belong together, and the limits of the monitor's variables.
//  2. Ping, ReadOnly, Lag, Galera, Group and Aurora bring the results of checks, one at a time.
//  3. Judge.Step answers with actions: shun a server and let it come back, note a latency, move a server between the writer
//     and the reader hostgroup, write a line to the log.
//  4. Of a cluster it keeps what each server was found to be, gives all of them their roles anew with every result, and
//     compares the hostgroups that follow with those they are in (Arrange), and the writers too many with those that are known
//     (Spare).
//
// Only what a server answers, or that it does not answer in time, counts against it. A monitor account that may not log in,
// or a server that does not know a variable, says nothing about a server's health.
//
// The package refuses to know how checks are made, what a connection is, and where the tables are.
package verdict
