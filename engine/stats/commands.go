package stats

import (
	"github.com/keepsql/keepsql/conf/schema"
	"github.com/keepsql/keepsql/engine/digest"
)

// CommandRows is stats_mysql_commands_counters: a row for every class.
func (c *Counters) CommandRows() *schema.Rows {
	rows := table("stats_mysql_commands_counters")
	for class := range digest.NumCommands {
		var micros int64
		var total uint64
		var bucket [len(buckets) + 1]uint64
		for i := range c.shards {
			k := &c.shards[i].commands[class]
			micros += k.micros.Load()
			total += k.total.Load()
			for b := range bucket {
				bucket[b] += k.bucket[b].Load()
			}
		}
		row := cells(digest.CommandClass(class).String(), micros, total)
		for _, n := range bucket {
			row = append(row, cells(n)...)
		}
		rows.Rows = append(rows.Rows, row)
	}
	return rows
}
