package lab_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/keepsql/keepsql/engine/internal/mariadbtest"
)

// databases are the three servers of the seed: db1 is the primary.
type databases [3]*mariadbtest.Server

// accounts are made on the primary and replicate: the application's, the monitor's, the replicas'.
var accounts = []string{
	"CREATE DATABASE lab",
	"CREATE TABLE lab.t (id INT AUTO_INCREMENT PRIMARY KEY, v INT) ENGINE=InnoDB",
	"CREATE USER 'app'@'10.99.0.%' IDENTIFIED BY 'app_pass'",
	"GRANT ALL ON lab.* TO 'app'@'10.99.0.%'",
	"CREATE USER 'monitor'@'10.99.0.%' IDENTIFIED BY 'monitor'",
	"GRANT REPLICATION CLIENT ON *.* TO 'monitor'@'10.99.0.%'",
}

// startDatabases starts the servers, connects the replicas by GTID, and waits until they have the accounts.
func startDatabases(t *testing.T, n *network) (dbs databases) {
	t.Helper()
	var (
		wg   sync.WaitGroup
		errs [3]error
	)
	for i := range dbs {
		wg.Go(func() { dbs[i], errs[i] = startDatabase(n, i) })
	}
	wg.Wait()
	for _, db := range dbs {
		if db != nil {
			t.Cleanup(db.Close)
		}
	}
	for i, err := range errs {
		if err != nil {
			t.Fatalf("start db%d: %v", i+1, err)
		}
	}
	dbs[0].Exec(t, "CREATE USER 'repl'@'10.99.0.%' IDENTIFIED BY 'repl'", "GRANT REPLICATION SLAVE ON *.* TO 'repl'@'10.99.0.%'")
	for _, replica := range dbs[1:] {
		replica.Exec(t, "CHANGE MASTER TO MASTER_HOST='10.99.0.11', MASTER_PORT=3306, MASTER_USER='repl', MASTER_PASSWORD='repl',"+
			" MASTER_CONNECT_RETRY=1, MASTER_USE_GTID=slave_pos", "START SLAVE")
	}
	dbs[0].Exec(t, accounts...)
	dbs.caughtUp(t)
	return dbs
}

func startDatabase(n *network, i int) (*mariadbtest.Server, error) {
	host := fmt.Sprintf("db%d", i+1)
	args := []string{
		"--bind-address=0.0.0.0", "--port=3306", fmt.Sprintf("--server-id=%d", 11+i), "--gtid-domain-id=1",
		"--log-bin=bin", "--log-slave-updates", "--gtid-strict-mode", "--report-host=" + addresses[host],
	}
	if i > 0 {
		args = append(args, "--read-only=1")
	}
	return mariadbtest.Run(mariadbtest.Opts{Before: n.inside(host), Args: args})
}

// caughtUp waits until the replicas have what the primary has.
func (dbs databases) caughtUp(t *testing.T) {
	t.Helper()
	want := dbs[0].Query(t, "SELECT @@gtid_binlog_pos")[0][0]
	within(t, patience, "replication", func() error {
		for i, replica := range dbs[1:] {
			if got := replica.Query(t, "SELECT @@gtid_slave_pos")[0][0]; got != want {
				return fmt.Errorf("db%d is at %q, db1 at %q", i+2, got, want)
			}
		}
		return nil
	})
}
