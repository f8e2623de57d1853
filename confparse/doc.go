// Package confparse turns configuration text into a syntax tree with positions.
//
// It knows two grammars and how they share a file:
//
//  1. a Loader hands over the bytes of each named file (and of each file those include);
//  2. at top level a name followed by '=' or ':' opens a libconfig setting, anything else
//     is a line of keepalived's grammar;
//  3. the result is a Tree: Settings (libconfig) and Keywords (keepalived), each in the
//     order of the text, every node with the file, line and column it came from;
//  4. everything that is wrong is a Diagnostic; parsing goes on after an error, so that one
//     run reports all of them.
//
// It refuses to know what a setting means: names, types, defaults and ranges are the
// business of package conf. Parsing is a pure function of the bytes the Loader returns.
package confparse
