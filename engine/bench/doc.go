// Package bench measures what a statement costs in the proxy, beside HAProxy in TCP mode and without any proxy.
//
//  1. cost_test.go starts MariaDB, HAProxy and keepsql (KEEPSQL_BIN) and lets sysbench fill two tables.
//  2. sysbench runs against the targets in turn, three times each for text and for prepared statements.
//  3. process_test.go reads the CPU time of a target's processes before and after.
//
// The figure is the CPU time of the proxy per statement, in µs: on a machine that client, proxy and server share, throughput
// tells little. Compare within one run only. `make bench` runs it; it takes about two minutes.
package bench
