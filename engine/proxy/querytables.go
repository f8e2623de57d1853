package proxy

import "github.com/keepsql/keepsql/engine/stats"

// addQueryGauges adds to stats_mysql_global what the query processor does.
func (p *Proxy) addQueryGauges(g stats.Gauges) {
	c := p.cache.Stats()
	g["Query_Cache_Memory_bytes"] = uint64(c.Bytes)
	g["Query_Cache_Entries"] = uint64(c.Entries)
	g["Query_Cache_Purged"] = c.Purged
	running, waiting := p.mirrors.figures()
	g["Mirror_concurrency"], g["Mirror_queue_length"] = uint64(running), uint64(waiting)
}
