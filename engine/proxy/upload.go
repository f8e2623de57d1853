package proxy

import (
	"github.com/keepsql/keepsql/engine/stats"
	"github.com/keepsql/keepsql/engine/wire"
)

// upload passes a file of the client on to the server that asked for it (LOAD DATA LOCAL), up to the empty packet that ends it.
// Memory is bounded by one packet. A server lost amid it ends the answer once the client has said everything: only then can
// the client be told.
func (s *session) upload(b *backend, t *wire.Translator) outcome {
	next, _ := t.Answer.Boundary()
	var lost error
	for more, continued := true, false; more; {
		p, err := s.client.ReadRaw()
		if err != nil {
			return outcome{err: err, client: true, answered: true}
		}
		size := len(p.Payload())
		more, continued = size > 0 || continued, p.Continued()
		s.shard.Add(stats.FrontendBytesRecv, uint64(size))
		if lost != nil {
			continue
		}
		p[3] = next // numbers go on from the server's request
		next++
		if lost = b.conn.QueueRaw(p); lost == nil {
			s.shard.Add(stats.BackendBytesSent, uint64(size))
		}
	}
	if lost == nil {
		lost = b.conn.Flush()
	}
	if lost != nil {
		return outcome{err: lost, answered: true, boundary: true, next: s.client.Seq()}
	}
	t.AwaitFile()
	t.Number(s.client.Seq())
	return outcome{}
}
