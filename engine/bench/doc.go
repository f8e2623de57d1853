// Package bench measures what statements, connections and idle clients cost in the proxy, beside HAProxy in TCP mode, without
// any proxy, and beside ProxySQL where that is installed.
//
//  1. table_test.go reads what to measure from the environment, starts MariaDB and lets sysbench fill four tables.
//  2. target_test.go starts the proxies: keepsql (KEEPSQL_BIN) with the two rules of a read/write split and digests on.
//  3. sysbench_test.go runs one workload against one target and takes the CPU time its processes used meanwhile from
//     process_test.go. Repetitions go over all workloads and, for each, over all targets in turn.
//  4. idle_test.go holds thousands of idle clients and looks at memory and at what statements cost beside them.
//  5. report.go makes one table of it, with the ratio to HAProxy, the goal and a verdict for each row.
//
// The figure is the CPU time of the proxy per statement, in µs: on a machine that client, proxy and server share, throughput
// tells little. Compare within one run only. `make bench` runs all of it in less than 12 minutes; KEEPSQL_BENCH_REPS,
// KEEPSQL_BENCH_SECONDS and KEEPSQL_BENCH_ROWS (a regular expression) make it shorter.
//
// The package refuses to know how the proxies work.
package bench
