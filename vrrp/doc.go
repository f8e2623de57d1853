// Package vrrp is the speaker: it runs the virtual routers of a configuration on this host.
//
// One goroutine, the loop, owns everything that decides. It has a thread of its own, with real-time
// priority where that is allowed, and waits in the kernel for packets, the next deadline and calls
// of other goroutines. Data flows through it in this order,
// on every turn:
//
//  1. packets: all sockets that may have some are read empty, each packet is checked by package
//     advert and fed to the machine of its virtual router;
//  2. time: machines whose deadline has come get a tick. So no timer is believed before
//     everything that was received until then has been heard;
//  3. the inbox: results of check scripts, tracked files and processes, changes of links and
//     addresses, the life of the engine, a new configuration, a dump that is wanted, each put
//     there by somebody else's goroutine;
//  4. the actions every machine answers with are carried out at once: packets, addresses,
//     announcements, notify commands and pipes, log lines. Then its sync group is settled.
//
// Once a second the addresses that are claimed are set again, because each is set with a
// lifetime of three seconds only: when this process is killed, the kernel removes them.
//
// At the end, and when an instance is removed, a MASTER keeps its addresses until it hears its
// successor; the loop runs on for that long.
//
// The package refuses to know why a state follows from an event: that is package machine.
package vrrp
