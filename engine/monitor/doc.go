// Package monitor watches the servers and acts on what it finds.
//
//  1. The modules mysql_servers and mysql_variables say what is to be watched. Each server, a host and port however many
//     hostgroups it is in, has a goroutine with a connection of its own, so that one that hangs keeps nobody else waiting.
//  2. The goroutine connects, pings, and asks for read_only, the replication lag, and what a node of Galera, a member of a
//     group or an instance of Aurora knows of its cluster, each when it is due, and hands every result over.
//  3. One loop writes results down for the tables of schema monitor, and gives them to package verdict, which decides.
//  4. The same loop does what was decided: servers are shunned in the pools, and moved between hostgroups in
//     runtime_mysql_servers.
//
// Nothing here runs on the data path: sessions only see the state of the pools and the snapshot of the servers.
//
// The package refuses to know how servers are chosen, and what a session is.
package monitor
