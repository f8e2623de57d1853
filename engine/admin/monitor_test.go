package admin_test

import (
	"testing"

	"github.com/keepsql/keepsql/conf/schema"
	"github.com/keepsql/keepsql/engine/admin"
	"github.com/keepsql/keepsql/engine/stats"
)

// TestShunned: that a server is shunned is shown, and nothing else knows of it: not the checksum, not what peers pull, not
// what is saved.
func TestShunned(t *testing.T) {
	shunned := map[string]bool{}
	n := start(t, setup{memory: true, options: func(o *admin.Options) {
		o.Shunned = func(hostgroup int, host string, port int) bool {
			return hostgroup == 1 && port == 3306 && shunned[host]
		}
	}})
	c := n.admin()
	c.do("INSERT INTO mysql_servers (hostgroup_id, hostname, status) VALUES (1,'a','ONLINE'),(1,'b','OFFLINE_SOFT'),(1,'c','SHUNNED'),(2,'a','ONLINE')")
	c.do("LOAD MYSQL SERVERS TO RUNTIME")
	const q = "SELECT GROUP_CONCAT(hostgroup_id||hostname||status, ' ') FROM (SELECT * FROM runtime_mysql_servers ORDER BY 1, 2)"
	const pulled = "PROXY_SELECT hostgroup_id, hostname, port, gtid_port, status, weight, compression, max_connections, max_replication_lag, use_ssl, max_latency_ms, comment FROM runtime_mysql_servers WHERE status<>'OFFLINE_HARD' ORDER BY hostgroup_id, hostname, port"
	sum, served := n.layers.Stamps()["mysql_servers"], c.text(pulled)
	for _, step := range []struct {
		host string
		want string
	}{
		{"", "1aONLINE 1bOFFLINE_SOFT 1cONLINE 2aONLINE"},
		{"a", "1aSHUNNED 1bOFFLINE_SOFT 1cONLINE 2aONLINE"},
		{"b", "1aONLINE 1bOFFLINE_SOFT 1cONLINE 2aONLINE"},
		{"c", "1aONLINE 1bOFFLINE_SOFT 1cSHUNNED 2aONLINE"},
	} {
		clear(shunned)
		shunned[step.host] = true
		if got := c.text(q); got != step.want {
			t.Errorf("%s is shunned: %s, want %s", step.host, got, step.want)
		}
		if got := c.text(pulled); got != served || n.layers.Stamps()["mysql_servers"] != sum {
			t.Errorf("%s is shunned: peers pull %s instead of %s", step.host, got, served)
		}
	}
	c.do("SAVE MYSQL SERVERS FROM RUNTIME")
	if got := c.text("SELECT status FROM mysql_servers WHERE hostgroup_id=1 AND hostname='a'"); got != "ONLINE" {
		t.Errorf("saved: %s", got)
	}
}

func TestMonitorTables(t *testing.T) {
	n := start(t, setup{memory: true, options: func(o *admin.Options) {
		o.MonitorTables = stats.Tables{"mysql_server_ping_log": func() *schema.Rows {
			return &schema.Rows{
				Columns: []string{"hostname", "port", "time_start_us", "ping_success_time_us", "ping_error"},
				Rows: []schema.Row{
					{schema.Text("a"), schema.Text("3306"), schema.Text("7"), schema.Text("123"), schema.Null},
					{schema.Text("a"), schema.Text("3306"), schema.Text("8"), schema.Text("0"), schema.Text("timeout check")},
				},
			}
		}}
	}})
	for _, c := range []*client{n.admin(), n.stats()} {
		if got := c.text("SELECT hostname||ping_success_time_us FROM monitor.mysql_server_ping_log WHERE ping_error IS NULL"); got != "a123" {
			t.Errorf("got %q", got)
		}
		if got := c.text("SELECT COUNT(*) FROM MONITOR.MYSQL_SERVER_PING_LOG"); got != "2" {
			t.Errorf("got %q", got)
		}
	}
}
