package admin

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/keepsql/keepsql/conf/schema"
	"github.com/keepsql/keepsql/conf/store"
)

// digestCommands empty the table of digests.
func digestCommands() []command {
	all := []command{{text: "SAVE MYSQL DIGEST TO DISK", run: saveDigests}}
	for _, table := range []string{"", "TABLE "} {
		for _, from := range []string{"", "STATS."} {
			for _, twin := range []string{"", "_RESET"} {
				all = append(all, command{text: "TRUNCATE " + table + from + "STATS_MYSQL_QUERY_DIGEST" + twin, run: truncateDigests})
			}
		}
	}
	return all
}

// truncateDigests empties the table of digests, by reading the twin that does so.
func truncateDigests(_ context.Context, s *session, _ call) (answer, error) {
	s.srv.statsTable("stats_mysql_query_digest_reset")
	return answer{}, nil
}

// saveDigests moves the digests to stats_history, with the time of the move.
func saveDigests(_ context.Context, s *session, c call) (answer, error) {
	s.received(c)
	digests := s.srv.statsTable("stats_mysql_query_digest_reset")
	if digests == nil || len(digests.Rows) == 0 {
		return answer{}, nil
	}
	const table = "history_mysql_query_digest"
	columns := schema.Lookup("stats_history", table).ColumnNames()
	rows := digests.Project(columns...)
	at, now := slices.Index(columns, "dump_time"), schema.Text(strconv.FormatInt(time.Now().Unix(), 10))
	for _, r := range rows.Rows {
		r[at] = now
	}
	return answer{}, s.srv.store.Tx(func(tx store.Tx) error { return tx.Insert("stats_history."+table, rows) })
}
