package admin

import (
	"context"

	"github.com/keepsql/keepsql/conf/schema"
	"github.com/keepsql/keepsql/engine/metrics"
)

// metricsCommands show the statistics as Prometheus reads them.
func metricsCommands() []command {
	return []command{{text: "SHOW PROMETHEUS METRICS", stats: true, run: func(_ context.Context, s *session, _ call) (answer, error) {
		return cell("Data", s.srv.Metrics()), nil
	}}}
}

// Metrics gives the statistics as Prometheus reads them.
func (s *Server) Metrics() string {
	return metrics.Text(metrics.Input{
		Version: s.admin.Load().String("admin-version"), Global: s.statsTable("stats_mysql_global"), Pool: s.statsTable("stats_mysql_connection_pool"),
		More: s.metrics(),
	})
}

// statsTable is the present content of a table of statistics, nil where nobody fills it.
func (s *Server) statsTable(name string) *schema.Rows {
	if rows := s.tables[name]; rows != nil {
		return rows()
	}
	return nil
}
