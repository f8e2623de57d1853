package admin_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/keepsql/keepsql/conf/schema"
	"github.com/keepsql/keepsql/engine/admin"
	"github.com/keepsql/keepsql/engine/stats"
)

// What peers, exporters and operators ask most, over a connection; upstream's figures are in brackets.
func BenchmarkStatements(b *testing.B) {
	global := &schema.Rows{Columns: []string{"Variable_Name", "Variable_Value"}}
	for i := range 108 {
		global.Rows = append(global.Rows, schema.Row{schema.Text(fmt.Sprintf("Counter_%d", i)), schema.Text("12345")})
	}
	n := start(b, setup{memory: true, options: func(o *admin.Options) {
		o.Tables = stats.Tables{"stats_mysql_global": func() *schema.Rows { return global }}
	}})
	c := n.admin()
	for _, sql := range []string{
		"SELECT GLOBAL_CHECKSUM()",                 // 0.05 ms
		"SELECT 1",                                 // 0.10 ms
		"SELECT * FROM runtime_checksums_values",   // 0.22 ms
		"SELECT * FROM stats_mysql_global",         // 6.5 ms
		"SELECT * FROM runtime_global_variables",   // 3.3 ms
		"SELECT * FROM runtime_mysql_servers",      //
		"SET mysql-max_connections=10",             //
		"UPDATE mysql_servers SET weight=weight+1", //
	} {
		b.Run(sql, func(b *testing.B) {
			for b.Loop() {
				if _, err := c.Query(context.Background(), sql); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
