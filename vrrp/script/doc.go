// Package script runs the commands of a VRRP configuration: checks, again and again, and notify
// commands, one after the other.
//
//  1. Command.prepare finds the program and the user, and says exactly what is wrong with them;
//  2. Runner starts a check every interval, counted from start to start, and reports each
//     result; a run that takes too long has failed at that moment, then it is ended;
//  3. Queue runs the notify commands of one virtual router in the order they were added.
//
// A check that cannot be run has failed. keepalived takes it for passed, and so becomes
// master of a service nobody looks at.
//
// The package refuses to know what a result means for a priority or a state.
package script
