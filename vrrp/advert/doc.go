// Package advert is the wire format of VRRP over IPv4: advertisements of version 2 (RFC 3768,
// with the password field of RFC 2338) and version 3 (RFC 9568), their checksums, the IP
// header around them, and the checks a received packet must pass.
//
//  1. sending: Advert.Append writes the message, AppendIPv4 the header around it;
//  2. receiving: ParseIPv4 takes the header off what a raw socket delivered, Parse reads the
//     fixed part of the message so that the right virtual router can be found;
//  3. Expect.Check then decides, in keepalived's order of checks, whether that router may
//     believe the message. A Reject says which counter it belongs to and what to log.
//
// It refuses to know what a believed advertisement means; that is package machine's business.
package advert
