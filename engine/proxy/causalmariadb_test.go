package proxy_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/keepsql/keepsql/engine/internal/mariadbtest"
	"github.com/keepsql/keepsql/engine/wire"
)

// pair starts a primary and a replica of it.
func pair(t *testing.T) (primary, replica *mariadbtest.Server) {
	t.Helper()
	primary = mariadbtest.Start(t, mariadbtest.Opts{Args: []string{"--log-bin=bin", "--server-id=1"}, SQL: setup})
	replica = mariadbtest.Start(t, mariadbtest.Opts{Args: []string{"--server-id=2"}})
	replica.Exec(t, fmt.Sprintf("CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_PORT=%d, MASTER_USER='app', MASTER_PASSWORD='app_pass',"+
		" MASTER_CONNECT_RETRY=1, MASTER_USE_GTID=slave_pos", primary.Port), "START SLAVE")
	waitFor(t, "the replica to know the accounts", func() bool {
		return replica.Query(t, "SELECT @@gtid_slave_pos")[0][0] == primary.Query(t, "SELECT @@gtid_current_pos")[0][0]
	})
	return primary, replica
}

// Sessions read what they have written from replicas of MariaDB, which have no binlog reader and are asked themselves.
func TestCausalReadsOnMariaDB(t *testing.T) {
	t.Parallel()
	primary, replica := pair(t)
	n := startWith(t, "connect_timeout_server_max=60000\n", fmt.Sprintf(`mysql_servers: ( { address="127.0.0.1", port=%d, hostgroup=10 }, { address="127.0.0.1", port=%d, hostgroup=20 } )
mysql_query_rules: ( { rule_id=1, active=1, match_digest="^SELECT", destination_hostgroup=20, gtid_from_hostgroup=10, apply=1 } )`, primary.Port, replica.Port))
	db := n.open(1)
	exec(t, db, "CREATE TABLE d.c (n INT)")
	for i := range 50 {
		exec(t, db, fmt.Sprintf("INSERT INTO d.c VALUES (%d)", i))
		if got := one(t, db, "SELECT COUNT(*) FROM d.c"); got != strconv.Itoa(i+1) {
			t.Fatalf("after %d rows there are %s", i+1, got)
		}
	}
	c := n.bare(t, wire.CapSessionTrack)
	c.query("UPDATE d.c SET n=n+1")
	if got := c.values("SELECT SUM(n) FROM d.c"); got != "1275" {
		t.Errorf("client with session tracking reads %s", got)
	}
	used := func() string { return n.table("stats_mysql_connection_pool")[0]["ConnUsed"] }
	waitFor(t, "connection to be given back after a write", func() bool { return used() == "0" })

	replica.Exec(t, "STOP SLAVE SQL_THREAD")
	exec(t, db, "INSERT INTO d.c VALUES (0)")
	started := make(chan struct{})
	go func() {
		defer close(started)
		time.Sleep(300 * time.Millisecond)
		replica.Exec(t, "START SLAVE SQL_THREAD")
	}()
	if got := one(t, db, "SELECT COUNT(*) FROM d.c"); got != "51" {
		t.Errorf("after a stop of replication: %s rows", got)
	}
	<-started
	position := primary.Query(t, "SELECT @@gtid_current_pos")[0][0]
	waitFor(t, "the position "+position+" in the table", func() bool {
		executed := n.table("stats_mysql_gtid_executed")
		return len(executed) == 1 && executed[0]["gtid_executed"] == position && executed[0]["port"] == strconv.Itoa(replica.Port)
	})
	n.set("connect_timeout_server_max", 1500)
	_, err := db.Exec("SELECT /* min_gtid=0-1-1000000 */ COUNT(*) FROM d.c")
	if err == nil || !strings.HasSuffix(err.Error(), "(servers: 1, have not executed GTID 1 (0-1-1000000))") {
		t.Errorf("a transaction of the future: %v", err)
	}
}
