// Package metrics renders statistics in the text format of Prometheus, under the names that ProxySQL gives them, so that
// dashboards and alerts made for it go on working.
//
//  1. Text takes stats_mysql_global and stats_mysql_connection_pool as tables, series that others made, and the version;
//  2. the names and labels come from one list (names.txt): what it does not name is not exported.
//
// The package counts nothing and opens no port.
package metrics

import (
	_ "embed"
	"slices"
	"strconv"
	"strings"

	"github.com/keepsql/keepsql/conf/schema"
)

// names has a line for each counter of stats_mysql_global: its name there, the series, its type, and what to divide it by.
//
//go:embed names.txt
var names string

// family is one metric: its series have the same type.
type family struct {
	name, kind string
	series     []string // complete lines
}

// Series is one value of a metric that no table shows.
type Series struct {
	Name, Kind string   // Kind is "counter" or "gauge"
	Labels     []string // name, value, name, value, … in the order of names
	Value      string
}

// Input is what there is to show. Tables that are nil are left out.
type Input struct {
	Version string       // admin-version
	Global  *schema.Rows // stats_mysql_global
	Pool    *schema.Rows // stats_mysql_connection_pool
	More    []Series
}

// Text renders the metrics in the order of their names.
func Text(in Input) string {
	families := map[string]*family{}
	add := func(name, kind, labels, value string) {
		f := families[name]
		if f == nil {
			f = &family{name: name, kind: kind}
			families[name] = f
		}
		f.series = append(f.series, name+labels+" "+value)
	}
	addGlobal(in.Global, add)
	addPool(in.Pool, add)
	for _, s := range in.More {
		add(s.Name, s.Kind, labels(s.Labels...), number(s.Value))
	}
	add("proxysql_version_info", "gauge", labels("version", in.Version, "version_comment", "ProxySQL version "+in.Version+", codename Truls"), "1")

	sorted := make([]*family, 0, len(families))
	for _, f := range families {
		sorted = append(sorted, f)
	}
	slices.SortFunc(sorted, func(a, b *family) int { return strings.Compare(a.name, b.name) })
	var b strings.Builder
	for _, f := range sorted {
		b.WriteString("# TYPE " + f.name + " " + f.kind + "\n")
		slices.Sort(f.series)
		for _, s := range f.series {
			b.WriteString(s + "\n")
		}
	}
	return b.String()
}

// addGlobal adds what names.txt knows of stats_mysql_global.
func addGlobal(rows *schema.Rows, add func(name, kind, labels, value string)) {
	if rows == nil {
		return
	}
	values := map[string]string{}
	for i := range rows.Rows {
		values[rows.Get(i, "Variable_Name").Text] = rows.Get(i, "Variable_Value").Text
	}
	for line := range strings.Lines(names) {
		f := strings.Fields(line)
		if len(f) < 3 {
			continue
		}
		value, counted := values[f[0]]
		if !counted {
			continue
		}
		name, label, _ := strings.Cut(f[1], "{")
		if label != "" {
			label = "{" + label
		}
		if len(f) > 3 {
			value = divide(value, f[3])
		}
		add(name, f[2], label, number(value))
	}
}

// number makes a number of a value; true counts as 1 and what is no number as 0.
func number(value string) string {
	if _, err := strconv.ParseFloat(value, 64); err == nil {
		return value
	}
	if on, err := strconv.ParseBool(value); err == nil && on {
		return "1"
	}
	return "0"
}

func divide(value, by string) string {
	v, err := strconv.ParseFloat(value, 64)
	if err != nil {
		return "0"
	}
	d, err := strconv.ParseFloat(by, 64)
	if err != nil {
		return "0"
	}
	return strconv.FormatFloat(v/d, 'f', -1, 64)
}

// poolSeries are the columns of the connection pool: the series, the label that tells two columns of one series apart.
var poolSeries = []struct{ column, name, kind, label, value string }{
	{"ConnUsed", "proxysql_connpool_conns", "gauge", "status", "used"},
	{"ConnFree", "proxysql_connpool_conns", "gauge", "status", "free"},
	{"ConnOK", "proxysql_connpool_conns_total", "counter", "status", "ok"},
	{"ConnERR", "proxysql_connpool_conns_total", "counter", "status", "err"},
	{"Queries", "proxysql_connpool_conns_queries_total", "counter", "", ""},
	{"Bytes_data_sent", "proxysql_connpool_data_bytes_total", "counter", "traffic_flow", "sent"},
	{"Bytes_data_recv", "proxysql_connpool_data_bytes_total", "counter", "traffic_flow", "recv"},
	{"Latency_us", "proxysql_connpool_conns_latency_us", "gauge", "", ""},
	{"status", "proxysql_connpool_conns_status", "gauge", "", ""},
}

// statusNumbers are upstream's numbers of a server's status.
var statusNumbers = map[string]string{"ONLINE": "1", "SHUNNED": "2", "OFFLINE_SOFT": "3", "OFFLINE_HARD": "4", "SHUNNED_REPLICATION_LAG": "5"}

func addPool(rows *schema.Rows, add func(name, kind, labels, value string)) {
	if rows == nil {
		return
	}
	for i := range rows.Rows {
		endpoint := rows.Get(i, "srv_host").Text + ":" + rows.Get(i, "srv_port").Text
		hostgroup := rows.Get(i, "hostgroup").Text
		for _, s := range poolSeries {
			value := rows.Get(i, s.column).Text
			if s.column == "status" {
				value = statusNumbers[value]
			}
			pairs := []string{"endpoint", endpoint, "hostgroup", hostgroup}
			if s.label != "" {
				pairs = append(pairs, s.label, s.value)
			}
			add(s.name, s.kind, labels(pairs...), number(value))
		}
	}
}

var escapeLabel = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)

// labels writes {a="x",b="y"}; pairs are name, value, name, value, …
func labels(pairs ...string) string {
	if len(pairs) == 0 {
		return ""
	}
	var b strings.Builder
	for i := 0; i < len(pairs); i += 2 {
		b.WriteString(map[bool]string{true: "{", false: ","}[i == 0])
		b.WriteString(pairs[i] + `="` + escapeLabel.Replace(pairs[i+1]) + `"`)
	}
	return b.String() + "}"
}
