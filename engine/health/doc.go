// Package health decides how fit a proxy is to hold virtual addresses.
//
//  1. the owner collects Facts twice a second: whether its own listener answered a handshake, how late timers were, whether it
//     and its peers reach a writer, whether it is being drained;
//  2. Judge.Step turns them into a Verdict, with hysteresis, so that one hiccup moves nothing. It is pure: no clock, no socket;
//  3. the verdict's number goes to the VRRP speaker, which adds it to the priority of its virtual routers.
//
// Lag and Writer are two of the sources of facts. The package refuses to know virtual routers, sessions and the cluster's
// protocol.
package health
