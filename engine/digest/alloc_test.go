package digest_test

import (
	"strings"
	"testing"

	"github.com/keepsql/keepsql/engine/digest"
)

// typical are the statements of sysbench's oltp_read_write and an insert of rows.
var typical = map[string]string{
	"point":  "SELECT c FROM sbtest1 WHERE id=50042",
	"range":  "SELECT DISTINCT c FROM sbtest2 WHERE id BETWEEN 10 AND 109 ORDER BY c",
	"update": "UPDATE sbtest1 SET c='68487932199-96439406143-93774651418' WHERE id=50099",
	"insert": "INSERT INTO sbtest1 (id, k, c, pad) VALUES (50099, 49915, '68487932199-96439406143', '2234-234')",
	"in":     "SELECT * FROM t WHERE id IN (1, 2, 3, 4, 5, 6, 7, 8, 9, 10) /* hostgroup=1 */",
	"rows":   "INSERT INTO t VALUES " + strings.Repeat("(1, 'some text', 3, 4.5, NULL, NOW()), ", 100),
}

func TestNoAllocations(t *testing.T) {
	var d digest.Digester
	var buf []byte
	o := digest.DefaultOptions()
	o.Lowercase, o.ReplaceNull, o.NoDigits, o.KeepComment = true, true, true, true
	for name, query := range typical {
		q := []byte(query)
		row := digest.Row{Username: "app", Schemaname: "shop"}
		var sink uint64
		allocs := testing.AllocsPerRun(100, func() {
			buf, _ = d.Append(buf[:0], q, &o)
			row.Digest = digest.Hash(buf, &o)
			sink += row.Key() + uint64(digest.Class(buf))
		})
		if allocs != 0 {
			t.Errorf("allocations for %s: got %v, want 0", name, allocs)
		}
	}
}

func BenchmarkAppend(b *testing.B) {
	o := digest.DefaultOptions()
	for name, query := range typical {
		b.Run(name, func(b *testing.B) {
			var d digest.Digester
			var buf []byte
			q := []byte(query)
			b.ReportAllocs()
			b.SetBytes(int64(len(q)))
			for b.Loop() {
				buf, _ = d.Append(buf[:0], q, &o)
			}
		})
	}
}

func BenchmarkHashAndClass(b *testing.B) {
	o := digest.DefaultOptions()
	text := []byte("SELECT c FROM sbtest1 WHERE id=?")
	b.ReportAllocs()
	for b.Loop() {
		digest.Hash(text, &o)
		digest.Class(text)
	}
}

func BenchmarkRowKey(b *testing.B) {
	row := digest.Row{Username: "app", Schemaname: "shop", Digest: 0x1C46AE529DD5A40E, Hostgroup: 10}
	b.ReportAllocs()
	for b.Loop() {
		row.Key()
	}
}
