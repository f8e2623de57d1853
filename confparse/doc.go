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
// The grammars are those of libconfig 1.7 and keepalived 2.2.7, with these differences:
//
//   - a byte order mark is skipped (keepalived takes it for text), and a line may be longer
//     than keepalived's 1 024 bytes;
//   - libconfig: @include takes patterns, and there is @include_dir; a number that does not
//     fit 64 bits is an error;
//   - keepalived: `\#`, `\!`, ${_HASH} and ${_BANG} give their character in every line, not
//     only in command lines; a block keeps its lines even where its keyword is unknown; an
//     undefined ${NAME} outside quotes is an error and not a brace; a parameter that refers
//     to itself is an error and not an endless loop; a value may begin with `@id`.
//
// It refuses to know what a setting means: names, types, defaults and ranges are the
// business of package conf. Parsing is a pure function of the bytes the Loader returns.
package confparse
