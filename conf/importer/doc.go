// Package importer makes one config file of what a host with ProxySQL and keepalived runs on.
//
//  1. the sources are read: proxysql.cnf, proxysql.db (read-only, while it may be in use) and
//     keepalived.conf, each optional;
//  2. what is in force is picked: rows and variables of the database where there is one, else
//     of the cnf, because ProxySQL ignores the cnf after its first start; process settings of
//     the cnf; keepalived's text as it stands;
//  3. that is written as text, without what equals the defaults, and read back: a row or value
//     that does not read back as it was is left out and reported;
//  4. the Report says how the sources differ, what is left out, what changes under keepsql and
//     what its first start will do.
//
// The package changes no source and knows no running process. Its report never shows a
// password; the file it writes holds them all.
package importer
