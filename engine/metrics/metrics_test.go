package metrics_test

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/keepsql/keepsql/conf/schema"
	"github.com/keepsql/keepsql/engine/metrics"
	"github.com/keepsql/keepsql/engine/stats"
)

const version = "2.7.1-16-g2726c27"

func pool(status string) *schema.Rows {
	rows := &schema.Rows{Columns: schema.Lookup("stats", "stats_mysql_connection_pool").ColumnNames()}
	row := make(schema.Row, len(rows.Columns))
	for i := range row {
		row[i] = schema.Text("5")
	}
	row[0], row[1], row[2], row[3] = schema.Text("10"), schema.Text(`db"1`), schema.Text("3306"), schema.Text(status)
	rows.Rows = append(rows.Rows, row)
	return rows
}

// Every series of ours is one that ProxySQL was seen to have, with its type.
func TestNamesAreUpstreams(t *testing.T) {
	series := lines(t, "testdata/series.txt")
	known := map[string]bool{}
	for _, s := range series {
		known[s] = true
	}
	types := map[string]string{}
	for _, line := range lines(t, "testdata/types.txt") {
		f := strings.Split(line, "\t")
		if len(f) > 1 {
			types[f[0]] = f[1]
		}
	}
	text := metrics.Text(metrics.Input{Version: version, Global: stats.NewCounters().GlobalRows(nil, true), Pool: pool("ONLINE")})
	count := 0
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if declared, is := strings.CutPrefix(line, "# TYPE "); is {
			name, kind, _ := strings.Cut(declared, " ")
			if types[name] != kind {
				t.Errorf("%s is a %s, upstream's is %q", name, kind, types[name])
			}
			continue
		}
		name := line[:strings.LastIndexByte(line, ' ')]
		name = strings.NewReplacer(`endpoint="db\"1:3306"`, `endpoint="host:port"`, `hostgroup="10"`, `hostgroup="N"`).Replace(name)
		if !known[name] {
			t.Errorf("upstream has no series %s", name)
		}
		count++
	}
	if count < 100 {
		t.Errorf("only %d series:\n%s", count, text)
	}
}

func TestValues(t *testing.T) {
	global := &schema.Rows{Columns: []string{"Variable_Name", "Variable_Value"}}
	for _, v := range [][2]string{
		{"Questions", "12"}, {"mysql_listener_paused", "true"}, {"Backend_query_time_nsec", "1500000000"}, {"not exported", "1"},
		{"Com_backend_stmt_prepare", "3"}, {"Com_backend_stmt_close", "2"},
	} {
		global.Rows = append(global.Rows, schema.Row{schema.Text(v[0]), schema.Text(v[1])})
	}
	got := metrics.Text(metrics.Input{Version: version, Global: global})
	want := `# TYPE proxysql_backend_query_time_seconds_total counter
proxysql_backend_query_time_seconds_total 1.5
# TYPE proxysql_com_backend_stmt_total counter
proxysql_com_backend_stmt_total{op="close"} 2
proxysql_com_backend_stmt_total{op="prepare"} 3
# TYPE proxysql_mysql_listener_paused gauge
proxysql_mysql_listener_paused 1
# TYPE proxysql_questions_total counter
proxysql_questions_total 12
# TYPE proxysql_version_info gauge
proxysql_version_info{version="2.7.1-16-g2726c27",version_comment="ProxySQL version 2.7.1-16-g2726c27, codename Truls"} 1
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	text := metrics.Text(metrics.Input{Pool: pool("OFFLINE_SOFT")})
	if want := `proxysql_connpool_conns_status{endpoint="db\"1:3306",hostgroup="10"} 3`; !strings.Contains(text, want) {
		t.Errorf("no %s in:\n%s", want, text)
	}
}

func lines(t *testing.T, name string) []string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(string(text), "\n")
}
