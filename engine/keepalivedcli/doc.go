// Package keepalivedcli is the program as it behaves under the name keepalived, for a
// configuration that has nothing but VRRP.
//
//  1. the command line is keepalived's, with its single letters, long names and defaults;
//  2. -t tests the configuration and --signum and -v print something; nothing else happens then;
//  3. otherwise pid files are written, the configuration is read, and a speaker runs in this
//     process until it is told to stop, obeying keepalived's signals;
//  4. log lines go to the console and to syslog in keepalived's form.
//
// There is one process where keepalived has two. What LVS, BFD and SNMP are about is accepted
// and has no effect.
package keepalivedcli
