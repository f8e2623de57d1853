// Package lint knows what goes wrong in the field with configurations that are correct.
//
//  1. the caller has parsed the files without errors (conf.Generation.Parse);
//  2. Check runs every check of the table over the result; each looks at one thing and reports
//     what it is sure of from these files, with the place it is about;
//  3. the findings are warnings in the order of the text, each with a stable code.
//
// A finding is a statement that is true, not a matter of taste: what users, servers and rules
// may come from admin SQL or from a peer is left out of account, and where that could make a
// finding false there is none.
//
// The package refuses to know how to ask the host: what it must know of scripts comes through
// Probes.
package lint
