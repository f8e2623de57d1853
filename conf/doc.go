// Package conf gives configuration text its meaning.
//
//  1. Read takes the files named on the command line, and those they include, into a
//     Generation: bytes that no later edit can change;
//  2. Generation.Parse turns it into a File: process settings, rows for tables, values for
//     variables, and the VRRP configuration; everything wrong with it is a diagnostic;
//  3. the packages below take it on: layers applies it, store keeps it, watch tells when to
//     read again, schema says what there is to set.
//
// The guardian reads and validates a generation once and hands the same bytes to its
// children, which parse them again: the result is a pure function of the bytes.
package conf
