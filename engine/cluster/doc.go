// Package cluster keeps the configuration of nodes in step by ProxySQL's pull protocol, spoken with ProxySQL as with its own
// kind.
//
// Outwards, towards every member of runtime_proxysql_servers (this node included, where it is listed):
//
//  1. node keeps one connection: login, comparison of versions, CLUSTER_NODE_UUID, and then a check each interval;
//  2. what a check shows goes as an event to package diffcheck, which says what to log and what to pull;
//     a peer that is keepsql too is asked to answer as soon as something changes (await.go);
//  3. a pull runs on a connection of its own by a description of the module (modules.go): queries, checksums, lines of the log;
//     the pulls of one peer run one after the other, those of different peers side by side;
//  4. rows whose checksum is the one the peer promised go to layers.Manager.Adopt.
//
// Inwards, NodeUUID keeps account of the admin sessions of peers that check us. The answers themselves are the admin
// interface's.
//
// The mutex of Cluster guards the diffcheck state and the lists of nodes and links, and is never held over network or disk.
// Order of locks: layers.Manager's, Cluster's, node's.
//
// The package refuses to know how checksums are computed, what rows mean, and how admin statements are answered.
package cluster
