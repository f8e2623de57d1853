// Package setting understands SET statements well enough to keep a session's variables without asking a server, and to
// bring any server connection to them.
//
//  1. Parse reads a SET statement into assignments of tracked variables, or says that it cannot be tracked.
//  2. State.With makes the next State of a session; a State never changes, and equal States have equal hashes.
//  3. AppendReplay writes the one statement that turns the State of a server connection into that of a session.
//
// Which variables are tracked, and in which form their values are sent, is upstream's table, with transaction isolation
// and access mode under the names the server at hand knows. The package refuses to know about connections and hostgroups.
package setting
