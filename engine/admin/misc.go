package admin

import "context"

// miscCommands are those that belong to no family.
func miscCommands() []command {
	all := []command{{text: "LOGENTRY ", arg: true, run: func(_ context.Context, s *session, c call) (answer, error) {
		s.srv.log.Info().Str("client", s.who()).Msg(c.arg)
		return answer{}, nil
	}}}
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
	if reset := s.srv.tables["stats_mysql_query_digest_reset"]; reset != nil {
		reset()
	}
	return answer{}, nil
}
