package stats

import (
	"sync"
	"sync/atomic"
)

// digestTexts keeps each text once, however many rows show it: where every customer has a schema, each digest has a row for every
// schema.
type digestTexts struct {
	bytes  atomic.Int64 // of all texts
	shards [digestShards]struct {
		mu    sync.Mutex // guards what follows; may be taken with that of a digestShard held
		texts map[string]*digestText
	}
}

type digestText struct {
	text string
	rows int // that show it; guarded by the shard's lock
}

// textOverhead is what a text costs beside its bytes: itself and its place in the map, in bytes.
const textOverhead = 80

// hold gives the text of a digest for one more row.
func (d *digestTexts) hold(hash uint64, text []byte) *digestText {
	s := &d.shards[hash>>58]
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.texts[string(text)]
	if t == nil {
		if s.texts == nil {
			s.texts = map[string]*digestText{}
		}
		t = &digestText{text: string(text)}
		s.texts[t.text] = t
		d.bytes.Add(int64(textOverhead + len(t.text)))
	}
	t.rows++
	return t
}

// release takes a row from a text, and lets the text go with the last one.
func (d *digestTexts) release(hash uint64, t *digestText) {
	s := &d.shards[hash>>58]
	s.mu.Lock()
	defer s.mu.Unlock()
	if t.rows--; t.rows == 0 {
		delete(s.texts, t.text)
		d.bytes.Add(-int64(textOverhead + len(t.text)))
	}
}
