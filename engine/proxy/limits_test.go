package proxy_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
)

// Addresses whose logins fail again and again are not served any more, other addresses are.
func TestClientHostsAreShutOut(t *testing.T) {
	n := start(t, " client_host_cache_size=2\n client_host_error_counts=3\n", "")
	from := func(host, password string) error {
		mysql.RegisterDialContext("from"+host, func(ctx context.Context, addr string) (net.Conn, error) {
			d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(host)}}
			return d.DialContext(ctx, "tcp", n.tcp())
		})
		db := n.open(1, func(c *mysql.Config) { c.Net, c.Passwd = "from"+host, password })
		defer db.Close()
		return db.Ping()
	}
	const good, bad = "app_pass", "wrong"
	for i, c := range []struct {
		host, password string
		code           uint16 // 0: served; 1: closed without a word
	}{
		{"127.0.0.2", bad, 1045},
		{"127.0.0.2", bad, 1045},
		{"127.0.0.2", good, 0}, // begins anew
		{"127.0.0.2", bad, 1045},
		{"127.0.0.2", bad, 1045},
		{"127.0.0.2", bad, 1045},
		{"127.0.0.2", good, 1},
		{"127.0.0.3", good, 0},
		{"127.0.0.3", bad, 1045},
		{"127.0.0.1", bad, 1045},
		{"127.0.0.1", bad, 1045},
		{"127.0.0.1", bad, 1045},
		{"127.0.0.1", good, 0},
		{"127.0.0.4", bad, 1045}, // takes the place of the first
		{"127.0.0.2", good, 0},
	} {
		err := from(c.host, c.password)
		waitFor(t, "end of the session", func() bool { return len(n.table("stats_mysql_processlist")) == 0 })
		if c.code == 1 && err == nil {
			t.Errorf("login %d of %s: served", i, c.host)
		}
		if c.code == 1 {
			continue
		}
		if got := codeOf(err); uint16(got) != c.code && c.code != 0 || c.code == 0 && err != nil {
			t.Errorf("login %d of %s: %v, want code %d", i, c.host, err, c.code)
		}
	}
	rows := n.table("stats_mysql_client_host_cache_reset")
	if len(rows) != 2 || rows[0]["client_address"] != "127.0.0.4" || rows[1]["client_address"] != "127.0.0.3" || rows[0]["error_count"] != "1" {
		t.Errorf("table: %v", rows)
	}
	if rows = n.table("stats_mysql_client_host_cache"); len(rows) != 0 {
		t.Errorf("table after a reset: %v", rows)
	}
}

func TestBytesPerSecond(t *testing.T) {
	n := start(t, " throttle_max_bytes_per_second_to_client=1000000\n", "")
	db := n.open(1)
	begin := time.Now()
	if got := len(one(t, db, "SELECT REPEAT('x', 500000)")); got != 500000 {
		t.Errorf("%d bytes", got)
	}
	if took := time.Since(begin); took < 350*time.Millisecond || took > patience {
		t.Errorf("took %v, want about 500 ms", took)
	}
	n.set("throttle_max_bytes_per_second_to_client", 0)
	begin = time.Now()
	one(t, db, "SELECT REPEAT('x', 20000000)") // with the limit it takes 20 s
	if took := time.Since(begin); took > 15*time.Second {
		t.Errorf("without a limit: %v", took)
	}
}

// enable_server_deprecate_eof has no say in what clients get.
func TestServerWithoutDeprecateEOF(t *testing.T) {
	n := start(t, " enable_server_deprecate_eof=\"false\"\n", "")
	db := n.open(1)
	if got := one(t, db, "SELECT name FROM who WHERE name = ?", "writer"); got != "writer" {
		t.Errorf("prepared: %s", got)
	}
	if got := one(t, db, "SELECT name FROM who"); got != "writer" {
		t.Errorf("text: %s", got)
	}
}

// A wrong init_connect is no lost server.
func TestInitConnectRefused(t *testing.T) {
	n := start(t, " init_connect=\"WRONG SYNTAX\"\n", "")
	db := n.open(1)
	for range 2 {
		if _, err := db.Exec("SELECT 1"); codeOf(err) != 1064 || !strings.Contains(err.Error(), "init_connect: ") {
			t.Errorf("got %v, want the server's refusal of init_connect", err)
		}
	}
	n.admin("mysql_variables", "UPDATE global_variables SET variable_value='SET @a=1' WHERE variable_name='mysql-init_connect'")
	if got := one(t, db, "SELECT @a"); got != "1" {
		t.Errorf("after it was corrected: %s", got)
	}
	if got := n.table("stats_mysql_connection_pool")[0]["ConnOK"]; got != "1" {
		t.Errorf("connections: %s", got)
	}
}

// An answer that is held back can be killed.
func TestKillHeldBack(t *testing.T) {
	n := start(t, " throttle_max_bytes_per_second_to_client=100000\n", "")
	victim, killer := n.open(1), n.open(1)
	id := one(t, victim, "SELECT CONNECTION_ID()")
	done := make(chan error, 1)
	go func() {
		rows, err := victim.Query("SELECT REPEAT('x', 10000) FROM seq_1_to_1000")
		for err == nil && rows.Next() {
		}
		if err == nil {
			err = errors.Join(rows.Err(), rows.Close())
		}
		done <- err
	}()
	waitFor(t, "statement", func() bool {
		for _, row := range n.picture("stats_mysql_processlist") {
			if row["SessionID"] == id && row["command"] == "Query" {
				return true
			}
		}
		return false
	})
	time.Sleep(300 * time.Millisecond)
	begin := time.Now()
	exec(t, killer, "KILL QUERY "+id)
	select {
	case err := <-done:
		if codeOf(err) != 1317 {
			t.Errorf("got %v, want 1317", err)
		}
	case <-time.After(patience):
		t.Fatalf("the answer, which takes 100 s, goes on after %v", time.Since(begin))
	}
}
