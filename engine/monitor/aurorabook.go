package monitor

import (
	"cmp"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/keepsql/keepsql/conf/schema"
	"github.com/keepsql/keepsql/engine/monitor/verdict"
)

// auroraBook counts Aurora checks and notes failovers. Its methods may be called from any goroutine.
type auroraBook struct {
	mu        sync.Mutex // guards what follows
	status    map[auroraKey]auroraStatus
	failovers []schema.Row
}

type auroraKey struct {
	writer int
	verdict.Addr
}

type auroraStatus struct {
	last      time.Time
	total, ok int
	err       string // of the last check that failed; "" for none
}

// maxBook bounds each of the two lists.
const maxBook = 1000

func (b *auroraBook) checked(o *outcome) {
	b.mu.Lock()
	defer b.mu.Unlock()
	k := auroraKey{o.cluster(), o.addr}
	s, known := b.status[k]
	if !known && len(b.status) >= maxBook {
		return
	}
	s.last, s.total = o.began, s.total+1
	if o.failure == verdict.None {
		s.ok++
	} else {
		s.err = o.err
	}
	if b.status == nil {
		b.status = map[auroraKey]auroraStatus{}
	}
	b.status[k] = s
}

func (b *auroraBook) failover(a verdict.Failover, now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.failovers = append(b.failovers, schema.Row{count(a.Writer), schema.Text(a.Host), schema.Text(now.Format(time.DateTime))})
	if n := len(b.failovers); n > maxBook {
		b.failovers = slices.Clone(b.failovers[n-maxBook:])
	}
}

func (b *auroraBook) statusRows() *schema.Rows {
	out := &schema.Rows{Columns: schema.Lookup("monitor", "mysql_server_aws_aurora_check_status").ColumnNames()}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, k := range slices.SortedFunc(maps.Keys(b.status), func(a, b auroraKey) int {
		return cmp.Or(cmp.Compare(a.writer, b.writer), cmp.Compare(a.Host, b.Host), cmp.Compare(a.Port, b.Port))
	}) {
		s, err := b.status[k], schema.Null
		if s.err != "" {
			err = schema.Text(s.err)
		}
		out.Rows = append(out.Rows, schema.Row{count(k.writer), schema.Text(k.Host), count(k.Port), schema.Text(s.last.Format(time.DateTime)), count(s.total), count(s.ok), err})
	}
	return out
}

func (b *auroraBook) failoverRows() *schema.Rows {
	out := &schema.Rows{Columns: schema.Lookup("monitor", "mysql_server_aws_aurora_failovers").ColumnNames()}
	b.mu.Lock()
	defer b.mu.Unlock()
	out.Rows = slices.Clone(b.failovers)
	return out
}
