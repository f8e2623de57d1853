// Package diffcheck decides from what peers show of their modules which module is pulled from which peer, and what the log
// says about it. It is the arithmetic of ProxySQL's diff_check.
//
//  1. The caller reports an Event: the list of members, what a peer showed (Rows), that a peer showed no change (Tick), or how
//     a pull ended. With it come the time and this node's own versions (Own).
//  2. Rows and Tick update the peer's entries: an entry counts for how many checks in a row it differed from our own content.
//  3. In the same step every watched module is judged in a fixed order (standing.go): pulled, told apart as a conflict, or left
//     alone. What is loaded is newer than what a node had when it started; of two loads the later epoch is newer, then the
//     higher version, then the greater checksum, so that all nodes decide alike. An epoch too far ahead of the clock is
//     nobody's order.
//  4. What is to be done comes back as Actions: lines of the log, and pulls.
//
// A State has no clock, no socket, no goroutine and no lock: the same events give the same actions. It does not know SQL,
// connections, nor how rows are hashed, and imports nothing of the project.
package diffcheck
