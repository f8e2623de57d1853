package proxy

import (
	"github.com/rs/zerolog"

	"github.com/keepsql/keepsql/conf/layers"
	"github.com/keepsql/keepsql/engine/firewall"
	"github.com/keepsql/keepsql/engine/stats"
	"github.com/keepsql/keepsql/engine/wire"
)

// prepareFirewall is the consumer of mysql_firewall.
func (p *Proxy) prepareFirewall(s *layers.Snapshot) (commit func(), err error) {
	var users []firewall.UserRow
	var rules []firewall.RuleRow
	var fingerprints []string
	active := func(table string, f func(*columns)) {
		eachRow(s.Runtime[table], func(c *columns) {
			if c.flag("active") {
				f(c)
			}
		})
	}
	active("mysql_firewall_whitelist_users", func(c *columns) {
		users = append(users, firewall.UserRow{Username: c.text("username"), ClientAddress: c.text("client_address"), Mode: c.text("mode")})
	})
	active("mysql_firewall_whitelist_rules", func(c *columns) {
		rules = append(rules, firewall.RuleRow{
			Username: c.text("username"), ClientAddress: c.text("client_address"), Schemaname: c.text("schemaname"),
			FlagIN: c.number("flagIN"), Digest: c.text("digest"),
		})
	})
	active("mysql_firewall_whitelist_sqli_fingerprints", func(c *columns) { fingerprints = append(fingerprints, c.text("fingerprint")) })
	set, errs := firewall.Compile(users, rules, fingerprints)
	for _, err := range errs {
		p.log.Error().Err(err).Msg("firewall rule is left out")
	}
	return func() { p.firewall.Store(set) }, nil
}

// detect ends the session of a statement that looks like SQL injection, as upstream does: without a word to the client.
func (s *session) detect(st *statement, set *settings) error {
	if !set.detectSQLi {
		return nil
	}
	fingerprint, found := firewall.Injection(string(st.sql))
	switch {
	case !found:
		return nil
	case s.p.firewall.Load().Harmless(fingerprint):
		s.shard.Add(stats.WhitelistedSQLi, 1)
		return nil
	}
	s.shard.Add(stats.DetectedSQLi, 1)
	s.p.guardLog.at(zerolog.ErrorLevel, s.id).Bytes("query", cut(st.sql)).
		Msgf("SQLinjection detected with fingerprint of '%s' from client %s@%s", fingerprint, s.user.name, s.host)
	return errSession
}

// guard refuses statements that are not on the firewall's white list. Those that the proxy answers by itself do not get here.
func (s *session) guard(st *statement, set *settings) (done bool, err error) {
	if !set.firewall {
		return false, nil
	}
	verdict := s.p.firewall.Load().Judge(s.user.name, s.host, s.schema, st.decision.Flag, st.query.Digest)
	if verdict == firewall.Pass {
		return false, nil
	}
	if e := s.p.guardLog.at(zerolog.WarnLevel, s.id); e != nil {
		what := map[firewall.Verdict]string{firewall.Detect: "detected", firewall.Block: "blocked", firewall.Unknown: "blocked"}[verdict]
		e = e.Str("schema", s.schema).Int("flagIN", st.decision.Flag)
		if verdict == firewall.Unknown {
			e = e.Str("cause", "Firewall problem: unknown user")
		}
		e.Msgf("Firewall %s query with digest 0x%016X from user %s@%s", what, st.query.Digest, s.user.name, s.host)
	}
	if verdict == firewall.Detect {
		return false, nil
	}
	if st.binds { // it will not be executed, so there is nothing to be bound to
		s.lockedOn = -1
	}
	s.accountRefused(st, set)
	return true, s.fail(wire.Errorf(1148, "42000", "%s", set.firewallMessage))
}
