package store_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/keepsql/keepsql/conf/schema"
	"github.com/keepsql/keepsql/conf/store"
)

func openState(t testing.TB, dir string) *store.State {
	t.Helper()
	s, err := store.OpenState(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// many makes n rows with texts, an empty text and a NULL.
func many(n int) *schema.Rows {
	rows := &schema.Rows{Columns: []string{"name", "note", "nothing"}}
	for i := range n {
		rows.Rows = append(rows.Rows, schema.Row{schema.Text(fmt.Sprintf("row\x00 %d", i)), schema.Text(""), schema.Null})
	}
	return rows
}

func TestRevisions(t *testing.T) {
	s := openState(t, t.TempDir())
	add := func(module string, rows *schema.Rows, keep uint64) uint64 {
		t.Helper()
		n, err := s.AddRevision(store.Revision{
			Module: module, Version: 7, Epoch: 1_700_000_000, Checksum: "0x1", Origin: "test", Time: 1_700_000_001, Summary: "1 added",
		}, map[string]*schema.Rows{"tab": rows, "empty": {Columns: []string{"a"}}}, keep)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	big := many(5000)
	for i := range 5 { // each differs from the one before by a row in the middle
		big.Rows[2500][1] = schema.Text(fmt.Sprint(i))
		if got := add("m", big, 3); got != uint64(i+1) {
			t.Errorf("revision %d, want %d", got, i+1)
		}
		same, err := s.SameAsLast("m", map[string]*schema.Rows{"tab": big})
		if err != nil || !same {
			t.Errorf("same as last: %v, %v", same, err)
		}
		big.Rows[0][1] = schema.Text("x")
		if same, err = s.SameAsLast("m", map[string]*schema.Rows{"tab": big}); err != nil || same {
			t.Errorf("an edit is the same as the last revision: %v", err)
		}
		big.Rows[0][1] = schema.Text("")
	}
	add("other", many(3), 3)

	all, err := s.Revisions("")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, r := range all {
		names = append(names, fmt.Sprintf("%s %d %d %d %s %s %d %s", r.Module, r.Revision, r.Version, r.Epoch, r.Checksum, r.Origin, r.Time, r.Summary))
	}
	const rest = " 7 1700000000 0x1 test 1700000001 1 added"
	if diff := cmp.Diff([]string{"m 5" + rest, "m 4" + rest, "m 3" + rest, "other 1" + rest}, names); diff != "" {
		t.Error(diff)
	}
	for n := uint64(3); n <= 5; n++ {
		big.Rows[2500][1] = schema.Text(fmt.Sprint(n - 1))
		got, err := s.Content("m", n)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(map[string]*schema.Rows{"tab": big}, got); diff != "" {
			t.Errorf("content of revision %d: %s", n, diff)
		}
	}
	for _, n := range []uint64{2, 6} {
		if _, err := s.Content("m", n); !errors.Is(err, store.ErrNoRevision) {
			t.Errorf("revision %d: %v", n, err)
		}
	}
}

// A hundred revisions of a large table that differ by little take little room.
func TestRevisionsShareRows(t *testing.T) {
	dir := t.TempDir()
	s := openState(t, dir)
	rows := many(20000)
	for i := range 100 {
		rows.Rows[i*150][1] = schema.Text("changed")
		if _, err := s.AddRevision(store.Revision{Module: "m"}, map[string]*schema.Rows{"tab": rows}, 100); err != nil {
			t.Fatal(err)
		}
	}
	if once, all := encodedSize(rows), stateSize(t, s); all > 6*once {
		t.Errorf("a hundred revisions take %d bytes, one has %d", all, once)
	}
	for range 100 { // all forgotten again
		if _, err := s.AddRevision(store.Revision{Module: "m"}, map[string]*schema.Rows{"tab": many(1)}, 1); err != nil {
			t.Fatal(err)
		}
	}
	if size := stateSize(t, s); size > 100 {
		t.Errorf("%d bytes are left of revisions that were forgotten", size)
	}
}

func encodedSize(rows *schema.Rows) (n int64) {
	for _, r := range rows.Rows {
		for _, c := range r {
			n += int64(len(c.Text)) + 1
		}
	}
	return n
}

// A damaged file is an error, not a panic.
func FuzzChunk(f *testing.F) {
	for _, c := range store.Chunks(many(3)) {
		f.Add(c)
	}
	f.Add([]byte{})
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f})
	f.Fuzz(func(t *testing.T, data []byte) {
		rows, err := store.ReadChunk(data)
		if err != nil || len(rows.Rows) == 0 {
			return
		}
		again := &schema.Rows{Columns: rows.Columns}
		for _, c := range store.Chunks(rows) {
			part, err := store.ReadChunk(c)
			if err != nil {
				t.Fatal(err)
			}
			again.Rows = append(again.Rows, part.Rows...)
		}
		if diff := cmp.Diff(rows, again); diff != "" {
			t.Error(diff)
		}
	})
}

func BenchmarkAddRevision(b *testing.B) {
	s := openState(b, b.TempDir())
	rows := many(50000)
	for i := 0; b.Loop(); i++ {
		rows.Rows[i%50000][1] = schema.Text(fmt.Sprint(i))
		if _, err := s.AddRevision(store.Revision{Module: "m"}, map[string]*schema.Rows{"tab": rows}, 100); err != nil {
			b.Fatal(err)
		}
	}
}

func stateSize(t *testing.T, s *store.State) (n int64) {
	t.Helper()
	rows, err := s.ChunkBytes()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Sscan(rows.Rows[0][0].Text, &n); err != nil {
		t.Fatal(err)
	}
	return n
}
