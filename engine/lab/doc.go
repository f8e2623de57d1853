// Package lab holds the tests that need two hosts: the seed set-up in network namespaces. There is nothing in it but tests.
//
//	switch   a bridge without an address, to which all others are connected
//	node1    10.99.0.1    keepsql with testdata/seed/node1.cnf (VRRP MASTER, priority 100)
//	node2    10.99.0.2    keepsql with testdata/seed/node2.cnf (VRRP BACKUP, priority 90)
//	db1…3    10.99.0.11…  MariaDB with GTID replication: a primary and two read-only replicas
//	client   10.99.0.9    probes the virtual IP 10.99.0.20 every 5 ms
//
// A node has private /run, /tmp, /var/lib/proxysql and /etc/keepalived and a process table of its own, so that the
// configuration files are used word for word and check scripts with pidof see one host. Everything ends with the test, also
// when the test is killed: namespaces that a killed run left behind are removed by the next.
//
// Pairs (pair_test.go) are two hosts and a client without databases, each of keepsql or of keepalived with a service of its own.
// Of these, TestOutages measures what a client sees when things happen to the master, and TestChaos lets things happen at random
// and watches who answers ARP for the virtual IP. Labs have names of their own and run side by side. The test binary itself is the
// probe, the ARP observer and keepalived's service, in processes of their own.
//
// Root is needed; without, the tests are skipped. `make lab` shows what the client saw.
package lab
