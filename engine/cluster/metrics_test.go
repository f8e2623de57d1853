package cluster_test

import (
	"os"
	"strings"
	"testing"

	"github.com/keepsql/keepsql/engine/metrics"
)

// TestMetrics compares the series with those that ProxySQL was seen to have, and their values with what happened.
func TestMetrics(t *testing.T) {
	t.Parallel()
	ports := freePorts(t, 2)
	a := startPeer(t, "A", ports[0], version, ports, "", asUpstream+`mysql_query_rules=({rule_id=1; active=1; comment="a"})`)
	b := startPeer(t, "B", ports[1], version, ports, "", asUpstream+`mysql_query_rules=({rule_id=1; active=1; comment="b"})`)
	acquainted(t, 2, a, b)
	a.sql("INSERT INTO mysql_users(username) VALUES('u')", "LOAD MYSQL USERS TO RUNTIME",
		"INSERT INTO mysql_servers(hostgroup_id,hostname) VALUES(1,'h')", "LOAD MYSQL SERVERS TO RUNTIME")
	inStep(t, []string{"mysql_users", "mysql_servers_v2"}, a, b)
	text := func() string { return metrics.Text(metrics.Input{More: b.cluster.Metrics()}) }
	port := itoa(ports[0])
	for _, want := range []string{
		`proxysql_cluster_pulled_total{module_name="mysql_users",status="success"} 1`,
		`proxysql_cluster_pulled_total{module_name="mysql_users",status="failure"} 0`,
		`proxysql_cluster_pulled_total{module_name="mysql_servers",status="success"} 1`,
		`proxysql_cluster_pulled_total{module_name="mysql_servers_ssl_params",status="success"} 1`,
		`proxysql_cluster_pulled_total{module_name="mysql_servers_runtime_checks",status="success"} 1`,
		`proxysql_cluster_syn_conflict_total{module_name="mysql_query_rules",reason="version_one"} 1`,
		`proxysql_cluster_syn_conflict_total{module_name="mysql_query_rules",reason="servers_share_epoch"} 0`,
		`proxysql_servers_checksums_version_total{hostname="127.0.0.1",module_name="mysql_users",port="` + port + `"} 2`,
		`proxysql_servers_metrics_queries_total{hostname="127.0.0.1",port="` + port + `"} `,
		`proxysql_servers_clients_status_last_seen_at{admin_mysql_ifaces="127.0.0.1:` + port + `",hostname="127.0.0.1",port="`,
		"# TYPE proxysql_cluster_pulled_total counter",
	} {
		eventually(t, want, func() bool { return strings.Contains(text(), want) })
	}
	known, err := os.ReadFile("../metrics/testdata/series.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, series := range strings.Split(string(known), "\n") {
		if strings.HasPrefix(series, "proxysql_cluster_") && !strings.Contains(text(), series+" ") {
			t.Errorf("no series %s", series)
		}
	}
}
