package gtid_test

import (
	"bytes"
	"testing"

	"github.com/keepsql/keepsql/engine/gtid"
)

func FuzzParseID(f *testing.F) {
	for _, s := range []string{a + ":23", "3E11FA4771CA11E19E33C80AA9429562:21-23", a + ":tag:5", "0-1-100", a + ":1-3:5," + b + ":7"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, parse := range []func([]byte) (gtid.ID, error){gtid.ParseID, gtid.Latest} {
			id, err := parse(text)
			if err != nil {
				continue
			}
			if again, err := gtid.ParseID(id.Append(nil)); err != nil || again != id {
				t.Errorf("%q is %s, which is %s: %v", text, &id, &again, err)
			}
		}
	})
}

func FuzzParseSet(f *testing.F) {
	for _, s := range []string{a + ":1-10:12-20," + b + ":1-3", a + ":5:1:3:2-4", "0-1-100,1-2-20", a + ":1:tag:1-2"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		s, err := gtid.ParseSet(text)
		if err != nil {
			return
		}
		again, err := gtid.ParseSet([]byte(s.String()))
		if err != nil || again.String() != s.String() {
			t.Errorf("%q is %s, which is %s", text, s, again)
		}
	})
}

// Numbers are bytes here: a set of those below 256 against a plain list of them.
func FuzzBuilder(f *testing.F) {
	f.Add([]byte{1, 1, 3, 3, 2, 2, 10, 20, 5, 30})
	f.Fuzz(func(t *testing.T, numbers []byte) {
		var build gtid.Builder
		var want [257]bool
		id, _ := gtid.ParseID([]byte(a + ":1"))
		for ; len(numbers) > 1; numbers = numbers[2:] {
			id.First, id.Last = 1+uint64(min(numbers[0], numbers[1])), 1+uint64(max(numbers[0], numbers[1]))
			if err := build.Add(&id); err != nil {
				t.Fatal(err)
			}
			for n := id.First; n <= id.Last; n++ {
				want[n] = true
			}
			set := build.Set()
			for n := uint64(1); n < 257; n++ {
				id.First, id.Last = n, n
				if set.Has(&id) != want[n] {
					t.Fatalf("%s has %d: %v", set, n, !want[n])
				}
			}
		}
		if again, err := gtid.ParseSet([]byte(build.Set().String())); err != nil || again.String() != build.Set().String() {
			t.Errorf("%s is read as %s: %v", build.Set(), again, err)
		}
	})
}

func FuzzLines(f *testing.F) {
	f.Add([]byte("ST=" + a + ":1-10:12-20\nI1=3e11fa4771ca11e19e33c80aa9429562:21\nI2=22\nI3=" + b + ":1-3\nI4=5-6\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		var d gtid.Decoder
		for line := range bytes.SplitSeq(text, []byte("\n")) {
			if d.Line(line) != nil {
				break
			}
		}
		_ = d.Set().String()
	})
}
