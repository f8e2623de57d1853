package admin

import "context"

// clusterCommands show the other nodes of the cluster.
func clusterCommands() []command {
	return []command{{text: "SHOW CLUSTER STATUS", stats: true, run: func(ctx context.Context, s *session, _ call) (answer, error) {
		return s.runSelect(ctx, clusterStatus)
	}}}
}

// clusterStatus has a row for each module of each peer, what is not in step first.
const clusterStatus = `
SELECT c.hostname || ':' || c.port AS peer, c.name AS module, CASE c.in_step WHEN 1 THEN 'in step' ELSE 'not in step' END AS state,
	CASE c.since WHEN 0 THEN 'never checked' ELSE datetime(c.since, 'unixepoch') END AS since, c.reason, c.fix,
	c.version, c.epoch, c.checksum, c.own_version, c.own_epoch, c.own_checksum, m.response_time_ms, m.last_check_ms
FROM stats.stats_cluster_modules c
LEFT JOIN stats.stats_proxysql_servers_metrics m ON m.hostname = c.hostname AND m.port = c.port
ORDER BY c.in_step, c.hostname, c.port, c.name`
