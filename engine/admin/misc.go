package admin

import "context"

// miscCommands are those that belong to no family.
func miscCommands() []command {
	return []command{
		{text: "LOGENTRY ", arg: true, run: func(_ context.Context, s *session, c call) (answer, error) {
			s.srv.log.Info().Str("client", s.who()).Msg(c.arg)
			return answer{}, nil
		}},
		{text: "PULL VERSION MYSQL SERVERS ", arg: true, run: pullVersion},
	}
}
