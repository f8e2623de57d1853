// Package netif is the thin shell between the VRRP core and a Linux network interface: it does
// what it is told and reports what it sees.
//
//   - Socket sends and receives the packets of one interface;
//   - Addresses sets, renews and removes virtual addresses. Every address is set with a short
//     valid lifetime, so that a killed speaker leaves none behind for longer than that;
//   - Announcer tells the neighbours where an address is: gratuitous ARP, unsolicited NA;
//   - Watch reports links and addresses that change, whoever changed them.
//
// The package refuses to know states, priorities and configuration. It works in the network
// namespace of the process.
package netif
