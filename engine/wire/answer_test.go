package wire_test

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/keepsql/keepsql/engine/wire"
)

// follow feeds raw to an Answer in chunks cut at the given size and reports what it says and how many bytes it took.
func follow(r *record, raw []byte, size int) (summary, int, error) {
	var a wire.Answer
	states := 0
	a.StateChanged = func([]byte) { states++ }
	a.Reset(r.Command, r.Caps)
	total := 0
	for {
		chunk := raw[total:min(total+size, len(raw))]
		n, done, err := a.Feed(chunk)
		total += n
		begun, seq := a.Unfinished()
		whole, next := wholePackets(raw[:total])
		switch {
		case err != nil:
			return summary{}, total, err
		case !done && (begun != total-whole || seq != next):
			return summary{}, total, fmt.Errorf("after %d bytes: %d of packet %d, want %d of packet %d", total, begun, seq, total-whole, next)
		case done && a.Kind == wire.KindFile && a.Results == 0:
			a.AwaitFile()
		case done:
			if a.Bytes != uint64(total) {
				return summary{}, total, fmt.Errorf("counted %d bytes of %d", a.Bytes, total)
			}
			return summarize(&a, states), total, nil
		case n != len(chunk):
			return summary{}, total, fmt.Errorf("took %d of %d bytes and is not done", n, len(chunk))
		case total == len(raw):
			return summary{}, total, errors.New("no end")
		}
	}
}

// wholePackets tells how many bytes of raw are whole packets, and the number of the packet that follows.
func wholePackets(raw []byte) (whole int, next byte) {
	for next = 1; ; {
		rest := raw[whole:]
		if len(rest) < 4 {
			return whole, next
		}
		n := 4 + int(rest[0]) + int(rest[1])<<8 + int(rest[2])<<16
		if len(rest) < n {
			return whole, rest[3]
		}
		whole, next = whole+n, rest[3]+1
	}
}

func TestAnswerInPieces(t *testing.T) {
	for _, r := range loadRecords(t) {
		raw := r.raw(t)
		extra := append(append([]byte{}, raw...), "next"...) // must not be touched
		for _, size := range []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 13, 17, 31, 64, 100, 1 << 20} {
			got, n, err := follow(&r, extra, size)
			if err != nil || n != len(raw) {
				t.Fatalf("%s, caps %x, pieces of %d: took %d of %d, error %v", r.Name, r.Caps, size, n, len(raw), err)
			}
			if d := cmp.Diff(r.Summary, got); d != "" {
				t.Fatalf("%s, caps %x, pieces of %d:\n%s", r.Name, r.Caps, size, d)
			}
		}
	}
}

func TestTranslatorInPieces(t *testing.T) {
	for _, r := range loadRecords(t) {
		if r.Name == "local file" {
			continue // two answers with an upload between
		}
		for _, to := range kinds {
			whole := translate(t, r.Command, r.Caps, to, r.raw(t), 1<<20)
			for _, size := range []int{1, 2, 5, 7, 64} {
				if got := translate(t, r.Command, r.Caps, to, r.raw(t), size); !bytes.Equal(got, whole) {
					t.Fatalf("%s from %x to %x, pieces of %d:\n%x\n%x", r.Name, r.Caps, to, size, got, whole)
				}
			}
			if to == r.Caps && !bytes.Equal(whole, r.raw(t)) {
				t.Errorf("%s, caps %x: changed by a translation to itself", r.Name, to)
			}
			there := record{Command: r.Command, Caps: to}
			if _, n, err := follow(&there, whole, 1<<20); err != nil || n != len(whole) {
				t.Errorf("%s from %x to %x: translation unreadable after %d of %d: %v", r.Name, r.Caps, to, n, len(whole), err)
			}
		}
	}
}

// packet frames a payload.
func packet(seq byte, payload string) string {
	n := len(payload)
	return string([]byte{byte(n), byte(n >> 8), byte(n >> 16), seq}) + payload
}

// TestAnswerLargeRow follows rows of several packets, whose continuations may look like anything.
func TestAnswerLargeRow(t *testing.T) {
	const full = 1<<24 - 1
	head := packet(1, "\x01") + packet(2, "\x03def\x00\x00\x00\x01a\x00\x0c\x2d\x00\x00\x00\x00\x00\xfc\x00\x00\x00\x00\x00") + packet(3, "\xfe\x00\x00\x02\x00")
	part := "\xfe\x00\x00\x00\x02\x00\x00\x00\x00" + string(bytes.Repeat([]byte{'x'}, full-9))
	tail := []struct {
		name, packets string
	}{
		{"looks like EOF", packet(4, part) + packet(5, "\xfe\x00\x00\x02\x00")},
		{"looks like an error", packet(4, part) + packet(5, "\xff\x00")},
		{"empty", packet(4, part) + packet(5, "")},
		{"two more", packet(4, part) + packet(5, part) + packet(6, "\xfe")},
	}
	for _, c := range tail {
		t.Run(c.name, func(t *testing.T) {
			raw := []byte(head + packet(3, "\x01x") + c.packets + packet(7, "\x01y") + packet(8, "\xfe\x00\x00\x02\x00"))
			r := record{Command: wire.ComQuery}
			for _, size := range []int{16384, 16383, 1 << 26} {
				got, n, err := follow(&r, raw, size)
				if err != nil || n != len(raw) || got.Rows != 3 {
					t.Errorf("pieces of %d: %d rows, %d of %d bytes, %v", size, got.Rows, n, len(raw), err)
				}
			}
			out := translate(t, wire.ComQuery, 0, wire.CapDeprecateEOF, raw, 16384)
			r.Caps = wire.CapDeprecateEOF
			if got, n, err := follow(&r, out, 16384); err != nil || n != len(out) || got.Rows != 3 {
				t.Errorf("translated: %d rows, %d of %d bytes, %v", got.Rows, n, len(out), err)
			}
		})
	}
}

func TestAnswerMalformed(t *testing.T) {
	cases := []struct {
		name    string
		command wire.Command
		raw     string
	}{
		{"empty packet", wire.ComQuery, packet(1, "")},
		{"EOF for a result", wire.ComQuery, packet(1, "\xfe\x00\x00\x02\x00")},
		{"zero columns in two bytes", wire.ComQuery, packet(1, "\xfc\x00\x00")},
		{"column count with a tail", wire.ComQuery, packet(1, "\x01\x01")},
		{"short OK", wire.ComPing, packet(1, "\x00\x00")},
		{"short error", wire.ComPing, packet(1, "\xff\x01")},
		{"row instead of EOF", wire.ComQuery, packet(1, "\x01") + packet(2, "\x03def") + packet(3, "\x01x")},
		{"short prepare", wire.ComStmtPrepare, packet(1, "\x00\x01\x00\x00")},
		{"simple answer of another type", wire.ComPing, packet(1, "\x05abcdefghij")},
		{"huge OK", wire.ComPing, "\xff\xff\xff\x01\x00"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r := record{Command: c.command}
			for _, size := range []int{1, 1 << 20} {
				if _, _, err := follow(&r, []byte(c.raw), size); !errors.Is(err, wire.ErrMalformed) {
					t.Errorf("pieces of %d: %v", size, err)
				}
			}
		})
	}
}

func TestAnswered(t *testing.T) {
	var silent []wire.Command
	for c := range wire.Command(64) {
		if !c.Answered() {
			silent = append(silent, c)
		}
	}
	if d := cmp.Diff([]wire.Command{wire.ComQuit, wire.ComStmtSendLongData, wire.ComStmtClose}, silent); d != "" {
		t.Error(d)
	}
}

// answerOf returns the recorded answer of that name in the older form.
func answerOf(t testing.TB, name string) (record, []byte) {
	for _, r := range loadRecords(t) {
		if r.Name == name && r.Caps == 0 {
			return r, r.raw(t)
		}
	}
	t.Fatalf("no record %q", name)
	panic("unreachable")
}

func TestAnswerAllocations(t *testing.T) {
	for _, name := range []string{"ping", "point select", "many rows", "update", "several statements", "prepare", "execute"} {
		r, raw := answerOf(t, name)
		var a wire.Answer
		run := func(size int) func() {
			return func() {
				a.Reset(r.Command, r.Caps)
				for b := raw; len(b) > 0; {
					n, _, err := a.Feed(b[:min(size, len(b))])
					if err != nil {
						t.Fatal(err)
					}
					b = b[n:]
				}
			}
		}
		if n := testing.AllocsPerRun(100, run(1<<20)); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
		if n := testing.AllocsPerRun(100, run(1000)); n != 0 {
			t.Errorf("%s in pieces: %v allocations", name, n)
		}
	}
}

func BenchmarkAnswer(b *testing.B) {
	for _, name := range []string{"ping", "point select", "many rows"} {
		r, raw := answerOf(b, name)
		b.Run(name, func(b *testing.B) {
			var a wire.Answer
			b.ReportAllocs()
			b.SetBytes(int64(len(raw)))
			for b.Loop() {
				a.Reset(r.Command, r.Caps)
				if _, done, err := a.Feed(raw); !done || err != nil {
					b.Fatal(done, err)
				}
			}
		})
	}
}

func BenchmarkTranslator(b *testing.B) {
	r, raw := answerOf(b, "point select")
	var tr wire.Translator
	out := make([]byte, 0, 1024)
	b.ReportAllocs()
	for b.Loop() {
		tr.Reset(r.Command, 0, wire.CapDeprecateEOF, 2)
		if _, _, done, err := tr.Feed(out, raw); !done || err != nil {
			b.Fatal(done, err)
		}
	}
}
