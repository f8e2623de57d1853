package wire

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Status flags are hidden in all packets that have some, in both forms of results, and nowhere else.
func TestHide(t *testing.T) {
	const from, to = StatusAutocommit | StatusNoIndex, StatusNoIndex
	col := TextColumn("c")
	answer := func(caps Capability, status uint16) []byte {
		eof, ok := EOF{Status: status}, OK{EndOfRows: true, Status: status}
		list := [][]byte{{1}, col.Append(nil)}
		if caps&CapDeprecateEOF == 0 {
			list = append(list, eof.Append(nil))
		}
		list = append(list, AppendText(nil, "\x02\x02\x22"))
		if caps&CapDeprecateEOF == 0 {
			list = append(list, eof.Append(nil))
		} else {
			list = append(list, ok.Append(nil))
		}
		var out []byte
		for i, p := range list {
			out = append(append(out, byte(len(p)), 0, 0, byte(i+1)), p...)
		}
		return out
	}
	for _, caps := range []Capability{0, CapDeprecateEOF} {
		got := answer(caps, from)
		var a Answer
		a.Reset(ComQuery, caps)
		a.Hide = StatusAutocommit
		if _, done, err := a.Feed(got); !done || err != nil {
			t.Fatalf("done %v: %v", done, err)
		}
		if diff := cmp.Diff(answer(caps, to), got); diff != "" {
			t.Errorf("capabilities %#x: %s", caps, diff)
		}
		if a.Status != from {
			t.Errorf("status %#x", a.Status)
		}
		a.Reset(ComQuery, caps)
		if got := answer(caps, from); !bytes.Equal(got, answer(caps, from)) || a.Hide != 0 {
			t.Error("changed without being asked")
		}
	}
}
