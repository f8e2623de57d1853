// Package machine decides what one virtual router does. It is pure: events and the time go
// in, actions come out; there is no socket, no clock and no goroutine.
//
//  1. the owner feeds what happened (a valid advertisement, a tracker's verdict, a removed
//     address, a new configuration) into Step, in the order in which it happened;
//  2. it carries out the returned actions in their order: send, claim, announce, notify, log;
//  3. it asks Deadline when time itself becomes an event, reads its sockets empty when that
//     moment has come, and then feeds Tick.
//
// Formulas and states are those of RFC 3768 §6 and RFC 9568 §6, with keepalived's choices
// where it differs. Check turns the results of a script into a tracker's verdict.
//
// The package refuses to know packets, passwords, interfaces and processes: an advertisement
// that reaches it has passed every receive check.
package machine
