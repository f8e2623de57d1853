package stats

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/keepsql/keepsql/conf/schema"
	"github.com/keepsql/keepsql/engine/digest"
)

// DefaultDigestBytes is the memory the digest table may take, in bytes.
const DefaultDigestBytes = 64 << 20

const digestShards = 64

// Digests is the table behind stats_mysql_query_digest. It is bounded: beyond its byte budget the rows not seen for
// longest make room for new ones.
type Digests struct {
	budget atomic.Int64 // bytes per shard
	texts  digestTexts
	shards [digestShards]digestShard
}

type digestShard struct {
	mu      sync.Mutex // guards what follows
	rows    map[uint64]*DigestRow
	bytes   int // without texts
	evicted uint64
	_       [24]byte
}

// NewDigests makes a table that takes about the given number of bytes; 0 for DefaultDigestBytes.
func NewDigests(bytes int) *Digests {
	if bytes == 0 {
		bytes = DefaultDigestBytes
	}
	d := new(Digests)
	d.SetBudget(bytes)
	return d
}

// SetBudget changes the memory the table may take, in bytes; a smaller one takes effect as rows are added.
func (d *Digests) SetBudget(bytes int) { d.budget.Store(int64(max(1, bytes/digestShards))) }

// Row finds or makes the row of a statement. It does not allocate for a row that cache holds, nor for one that exists.
func (d *Digests) Row(cache *DigestCache, id *digest.Row, text []byte, now time.Time) *DigestRow {
	key := id.Key()
	if r := cache.get(key); r != nil {
		return r
	}
	r := d.row(&d.shards[key>>58], key, id, text, now)
	cache.put(key, r)
	return r
}

// row is Row in one shard. Texts belong to no shard, so that each of them has an equal share of them to make room for.
func (d *Digests) row(s *digestShard, key uint64, id *digest.Row, text []byte, now time.Time) *DigestRow {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r := s.rows[key]; r != nil {
		return r
	}
	r := newDigestRow(id, d.texts.hold(id.Digest, text), now)
	for len(s.rows) > 0 && s.bytes+r.bytes+int(d.texts.bytes.Load())/digestShards > int(d.budget.Load()) {
		s.evict(&d.texts)
	}
	if s.rows == nil {
		s.rows = map[uint64]*DigestRow{}
	}
	s.rows[key] = r
	s.bytes += r.bytes
	return r
}

// evict removes the row that was not seen for longest of a few taken at random: maps are walked in random order.
func (s *digestShard) evict(texts *digestTexts) {
	var oldest *DigestRow
	var at uint64
	looked := 0
	for key, r := range s.rows {
		if oldest == nil || r.lastSeen.Load() < oldest.lastSeen.Load() {
			oldest, at = r, key
		}
		if looked++; looked == 16 {
			break
		}
	}
	oldest.gone.Store(true)
	delete(s.rows, at)
	s.bytes -= oldest.bytes
	texts.release(oldest.id.Digest, oldest.text)
	s.evicted++
}

// Bytes is the memory the rows and their texts take now.
func (d *Digests) Bytes() int {
	n := int(d.texts.bytes.Load())
	for i := range d.shards {
		d.shards[i].mu.Lock()
		n += d.shards[i].bytes
		d.shards[i].mu.Unlock()
	}
	return n
}

// Evicted counts the rows that had to make room.
func (d *Digests) Evicted() uint64 {
	var n uint64
	for i := range d.shards {
		d.shards[i].mu.Lock()
		n += d.shards[i].evicted
		d.shards[i].mu.Unlock()
	}
	return n
}

// Rows is stats_mysql_query_digest; with reset the table is empty afterwards.
func (d *Digests) Rows(reset bool) *schema.Rows {
	rows := table("stats_mysql_query_digest")
	for i := range d.shards {
		for _, r := range d.shards[i].all(reset, &d.texts) {
			if r.count.Load() > 0 {
				rows.Rows = append(rows.Rows, r.cells())
			}
		}
	}
	return rows
}

func (s *digestShard) all(reset bool, texts *digestTexts) []*DigestRow {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]*DigestRow, 0, len(s.rows))
	for _, r := range s.rows {
		if reset {
			r.gone.Store(true)
			texts.release(r.id.Digest, r.text)
		}
		out = append(out, r)
	}
	if reset {
		s.rows, s.bytes = nil, 0
	}
	return out
}

func (r *DigestRow) cells() schema.Row {
	return cells(int(r.id.Hostgroup), r.id.Schemaname, r.id.Username, r.id.Client,
		fmt.Sprintf("0x%016X", r.id.Digest), r.text.text,
		r.count.Load(), r.firstSeen.Load(), r.lastSeen.Load(), r.sumTime.Load(), r.minTime.Load(), r.maxTime.Load(),
		r.rowsAffected.Load(), r.rowsSent.Load())
}
