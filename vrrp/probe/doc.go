// Package probe watches what can be tracked besides scripts and interfaces.
//
//  1. File reads a small file again and again and reports the number in it;
//  2. Process counts the processes that match, notices their end at once and new ones at the
//     next look at /proc, and reports whether there are enough.
//
// Each has a Run that one goroutine owns, and reports from there, first as soon as something
// is known, then whenever it changes.
//
// The package refuses to know what a report means for a virtual router.
package probe
