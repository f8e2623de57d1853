package stats

import (
	"math"
	"sync/atomic"
	"time"

	"github.com/keepsql/keepsql/engine/digest"
)

// DigestRow is one row of stats_mysql_query_digest. Sessions keep pointers to the rows they use; Add needs no lock.
type DigestRow struct {
	id    digest.Row
	text  *digestText
	bytes int // memory the row is charged for, without its text

	gone atomic.Bool // no longer in the table

	count, sumTime         atomic.Int64 // µs
	minTime, maxTime       atomic.Int64
	firstSeen, lastSeen    atomic.Int64 // unix seconds
	rowsAffected, rowsSent atomic.Int64
}

// rowOverhead is what a row costs beside its strings: itself and its place in the map, in bytes.
const rowOverhead = 256

func newDigestRow(id *digest.Row, text *digestText, now time.Time) *DigestRow {
	r := &DigestRow{id: *id, text: text}
	r.bytes = rowOverhead + len(id.Username) + len(id.Schemaname) + len(id.Client)
	r.minTime.Store(math.MaxInt64)
	r.firstSeen.Store(now.Unix())
	return r
}

// Add counts one statement that ended at now.
func (r *DigestRow) Add(now time.Time, took time.Duration, affected, sent uint64) {
	us := took.Microseconds()
	r.count.Add(1)
	r.sumTime.Add(us)
	for old := r.minTime.Load(); us < old && !r.minTime.CompareAndSwap(old, us); old = r.minTime.Load() {
	}
	for old := r.maxTime.Load(); us > old && !r.maxTime.CompareAndSwap(old, us); old = r.maxTime.Load() {
	}
	if s := now.Unix(); r.lastSeen.Load() != s {
		r.lastSeen.Store(s)
	}
	if affected != 0 {
		r.rowsAffected.Add(int64(affected))
	}
	if sent != 0 {
		r.rowsSent.Add(int64(sent))
	}
}

// DigestCache remembers the rows a session used last. The zero value is empty.
type DigestCache struct {
	slots [8]struct {
		key uint64
		row *DigestRow
	}
}

// get returns the row with a key if it is remembered and still in the table.
func (c *DigestCache) get(key uint64) *DigestRow {
	s := &c.slots[key%uint64(len(c.slots))]
	if s.row == nil || s.key != key || s.row.gone.Load() {
		return nil
	}
	return s.row
}

func (c *DigestCache) put(key uint64, r *DigestRow) {
	s := &c.slots[key%uint64(len(c.slots))]
	s.key, s.row = key, r
}
