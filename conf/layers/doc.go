// Package layers moves configuration between the layers and keeps the versioned runtime.
//
// Layers are file, disk (proxysql.db), memory (schema main) and runtime. A module's rows
// move like this:
//
//  1. Boot: disk → memory (or file → memory → disk for a new data directory) → runtime;
//  2. Load: memory → runtime; Save: runtime → memory; SaveToDisk and LoadFromDisk: memory ↔ disk;
//  3. ApplyFile: the rows that an edit of the config file changed → memory, disk and runtime,
//     by a three-way merge with the rows the file had before;
//  4. Adopt: what a peer serves → memory → runtime, and to disk where that is wanted.
//
// Loading to runtime derives the rows in force and their checksum, asks every consumer to
// prepare, and only then swaps the snapshot and lets them commit: it happens wholly or not
// at all. A Snapshot never changes once it is made; readers take it without a lock.
//
// Order of locks: Manager.mu, then the store's. The package knows no sockets and no
// statement syntax.
package layers
