// Package engine is the running system: a tree of three processes.
//
//		guardian   reads, validates and watches the config files; owns pid file, signals, sd_notify
//		├─ engine  (in the process table: proxysql)   proxy, admin, cluster
//		└─ vrrp    (in the process table: keepalived) where the config has a vrrp_instance
//
//	 1. The guardian takes a generation of the config files, checks it, and starts the children
//	    by executing itself again; each child holds one end of a socket pair (Link).
//	 2. It hands the generation to the children. They parse the same bytes, apply them, and
//	    answer with a verdict; only when the engine has accepted does the vrrp child get it.
//	 3. End-of-file on a Link is a death notice. The guardian tells the vrrp child at once that
//	    the engine is gone, and starts it again with back-off; a child whose guardian is gone
//	    stops cleanly.
//	 4. A control socket in the data directory answers `keepsql status` and `keepsql reload`.
//
// This package wires and supervises. What the children do is in the packages below.
package engine
