// Package mariadbtest starts real MariaDB servers for tests.
//
// How a server comes to life:
//
//  1. the first use on a machine lets mariadb-install-db fill a template data directory, kept in the system's temporary
//     directory for later tests (keyed by server version and user id);
//  2. every server gets a copy of it in a directory of its own, a free port on 127.0.0.1 and a unix socket;
//  3. mariadbd is started with small buffers and no durability, and waited for until it answers root on the socket;
//  4. at the end of the test the process is killed and the directory removed. A test binary that dies takes its servers
//     with it.
//
// Root has no password on the socket (root@localhost) and over TCP (root@127.0.0.1); there are no anonymous users and
// no other accounts. Names are not resolved, so TCP clients are seen as 127.0.0.1.
//
// The package knows nothing of the product: it talks to its servers through go-sql-driver, so that a test of our own
// client code has an independent witness.
package mariadbtest
