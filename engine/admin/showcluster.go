package admin

import "context"

// clusterCommands show the other nodes of the cluster.
func clusterCommands() []command {
	return []command{{text: "SHOW CLUSTER STATUS", run: func(ctx context.Context, s *session, _ call) (answer, error) {
		return s.runSelect(ctx, clusterStatus)
	}}}
}

// clusterStatus has a row for each module of each peer, beside what this node has in force.
const clusterStatus = `
SELECT c.hostname || ':' || c.port AS peer, c.name AS module, c.version, c.checksum, r.version AS own_version, r.checksum AS own_checksum,
	CASE
		WHEN c.updated_at = 0 THEN 'never reached'
		WHEN c.checksum = r.checksum THEN 'in sync'
		WHEN c.version = 1 THEN 'differs, and its version is 1'
		ELSE 'differs for ' || c.diff_check || ' checks'
	END AS state, m.response_time_ms, m.last_check_ms
FROM stats.stats_proxysql_servers_checksums c
LEFT JOIN stats.stats_proxysql_servers_metrics m ON m.hostname = c.hostname AND m.port = c.port
LEFT JOIN main.runtime_checksums_values r ON r.name = c.name
ORDER BY 1, 2`
