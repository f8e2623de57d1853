package wire_test

import (
	"testing"

	"github.com/keepsql/keepsql/engine/wire"
)

func TestWithStatus(t *testing.T) {
	results := 0
	for _, r := range loadRecords(t) {
		if r.Command != wire.ComQuery || r.Summary.Kind != wire.KindRows || r.Summary.Results != 1 {
			continue
		}
		results++
		raw := r.raw(t)
		changed := wire.WithStatus(append([]byte(nil), raw...), r.Caps, wire.StatusInTrans)
		got, n, err := follow(&r, changed, 1<<20)
		if err != nil || n != len(raw) {
			t.Fatalf("%s, caps %x: took %d of %d, error %v", r.Name, r.Caps, n, len(raw), err)
		}
		want := r.Summary
		if want.Err == nil {
			want.Status |= wire.StatusInTrans
		}
		if got.Status != want.Status || got.Rows != want.Rows {
			t.Errorf("%s, caps %x: got %+v, want %+v", r.Name, r.Caps, got, want)
		}
		differ := 0
		for i := range raw {
			if raw[i] != changed[i] {
				differ++
			}
		}
		most := 2 // behind the columns, behind the rows
		if r.Caps&wire.CapDeprecateEOF != 0 {
			most = 1
		}
		if differ > most {
			t.Errorf("%s, caps %x: %d bytes were changed", r.Name, r.Caps, differ)
		}
	}
	if results == 0 {
		t.Error("no result set in the records")
	}
}
