package proxy

import (
	"github.com/keepsql/keepsql/conf/layers"
)

// extras are the keepsql- variables sessions work by. They never change; a load makes new ones.
type extras struct {
	hints      bool // query_hints: comments may give instructions
	cacheInTrx bool // query_cache_in_transactions
}

// prepareExtras is the consumer of keepsql_variables.
func (p *Proxy) prepareExtras(s *layers.Snapshot) (commit func(), err error) {
	v := s.Variables()
	x := &extras{hints: v.Bool("keepsql-query_hints"), cacheInTrx: v.Bool("keepsql-query_cache_in_transactions")}
	digestBytes := v.Int("keepsql-query_digests_memory_MB") << 20
	events, audit := v.Int("keepsql-eventslog_files"), v.Int("keepsql-auditlog_files")
	return func() {
		p.logs.events.Keep(events)
		p.logs.audit.Keep(audit)
		p.extras.Store(x)
		p.digests.SetBudget(digestBytes)
	}, nil
}
