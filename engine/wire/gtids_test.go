package wire_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/keepsql/keepsql/engine/wire"
)

// Clients can be kept from hearing of GTIDs, and of nothing else.
func TestHideGTIDs(t *testing.T) {
	const caps = wire.CapSessionTrack
	schema, gtid := "\x01\x02\x01d", "\x03\x06\x00\x04ab:1"
	zone, last := "\x00\x0e\x09time_zone\x03UTC", "\x00\x11\x09last_gtid\x060-1-11"
	for state, want := range map[string]string{
		schema + gtid + zone: schema + zone, last: "", gtid: "", last + zone + gtid: zone, schema: schema,
		zone + "\x03\x20cut off": zone + "\x03\x20cut off",
	} {
		ok := wire.OK{AffectedRows: 1, Status: wire.StatusAutocommit, Info: "Rows matched: 1", State: []byte(state)}
		packet := ok.AppendTracked(nil)
		for hide, want := range map[bool]string{true: want, false: state} {
			var tr wire.Translator
			tr.Reset(wire.ComQuery, caps, caps, 0)
			tr.HideGTIDs = hide
			out, _, done, err := tr.Feed(nil, append([]byte{byte(len(packet)), 0, 0, 1}, packet...))
			if err != nil || !done || int(out[0]) != len(out)-4 {
				t.Fatalf("%q: %q %v %v", state, out, done, err)
			}
			var got wire.OK
			if err := got.Decode(out[4:], caps); err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(want, string(got.State)); d != "" || got.Info != ok.Info || got.AffectedRows != 1 {
				t.Errorf("%q hidden %v: %s", state, hide, d)
			}
		}
	}
}
