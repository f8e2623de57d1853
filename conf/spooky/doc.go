// Package spooky is SpookyHash V2, the non-cryptographic hash by which peers
// compare module checksums and by which statement digests are numbered. Source:
// Bob Jenkins, "SpookyHash: a 128-bit noncryptographic hash" (public domain).
//
// Data flow:
//
//  1. A message shorter than 192 bytes goes through the short hash: 32 bytes a
//     round over four words of state.
//  2. A longer one goes through the long hash: blocks of 96 bytes mixed into
//     twelve words of state, then one padded final block.
//  3. Hash does the same over a message that arrives in pieces. It holds back up
//     to 192 bytes, because only the total length decides between 1 and 2.
//
// Words are read little-endian on every machine, as the checksums travel between
// machines. The package knows nothing about what is hashed; seeds, order and
// separators belong to its callers.
package spooky
