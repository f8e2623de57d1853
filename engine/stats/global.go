package stats

import (
	_ "embed"
	"strconv"
	"strings"

	"github.com/keepsql/keepsql/conf/schema"
)

//go:embed global.txt
var globalNames string

// Gauges are the values of stats_mysql_global that sessions do not count, by name. What is not in it is 0.
type Gauges map[string]uint64

// GlobalRows is stats_mysql_global: upstream's rows in upstream's order. paused is the last one.
func (c *Counters) GlobalRows(g Gauges, paused bool) *schema.Rows {
	values := map[string]uint64{}
	for n, name := range counterNames {
		values[name] = c.Get(Counter(n))
	}
	for name, v := range g {
		values[name] = v
	}
	rows := table("stats_mysql_global")
	for name := range strings.FieldsSeq(globalNames) {
		value := strconv.FormatUint(values[name], 10)
		if name == "mysql_listener_paused" {
			value = strconv.FormatBool(paused)
		}
		rows.Rows = append(rows.Rows, cells(name, value))
	}
	return rows
}
