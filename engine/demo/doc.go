// Package demo shows one node at work, without root and without a database server: keepsql demo.
//
//  1. The sample configuration (packaging/demo.cnf) is written to a temporary directory, with the ports that were asked for.
//  2. The program is started on it as a child, as an operator would: keepsql run -c … -D … --sqlite3-server.
//  3. When proxy and embedded server answer, statements are run through the proxy, the config file is edited, and the
//     tables of the admin interface show what came of it.
//  4. The node runs on until Ctrl-C; then it is stopped and the directory removed.
//
// The package refuses to know how the node works: it is a client and a keeper of a process.
package demo
