package spooky_test

import (
	"bufio"
	"fmt"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/keepsql/keepsql/conf/spooky"
)

// pattern is the message the vectors were recorded with: byte i is 7i+3.
func pattern(n int) []byte {
	msg := make([]byte, n)
	for i := range msg {
		msg[i] = byte(7*i + 3)
	}
	return msg
}

// stream hashes msg in pieces of size step.
func stream(msg []byte, seed1, seed2 uint64, step int) [2]uint64 {
	h := spooky.New(seed1, seed2)
	for len(msg) > step {
		h.Write(msg[:step])
		msg = msg[step:]
	}
	h.WriteString(string(msg))
	a, b := h.Sum128()
	return [2]uint64{a, b}
}

func TestVectors(t *testing.T) {
	f, err := os.Open("testdata/v2-vectors.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	seen := 0
	for lines := bufio.NewScanner(f); lines.Scan(); seen++ {
		var kind string
		var seed1, seed2 uint64
		var n int
		var want [2]uint64
		_, err := fmt.Sscanf(lines.Text(), "%s %d %d %d %x %x", &kind, &seed1, &seed2, &n, &want[0], &want[1])
		if err != nil {
			t.Fatalf("read vector %q: %v", lines.Text(), err)
		}
		msg := pattern(n)
		if kind == "O" {
			a, b := spooky.Hash128(msg, seed1, seed2)
			if diff := cmp.Diff(want, [2]uint64{a, b}); diff != "" {
				t.Errorf("one shot, seeds %d %d, length %d (-want +got):\n%s", seed1, seed2, n, diff)
			}
			continue
		}
		for _, step := range []int{1, 7, 95, 96, 191, 192, 193, 5000} {
			if diff := cmp.Diff(want, stream(msg, seed1, seed2, step)); diff != "" {
				t.Errorf("stream by %d, seeds %d %d, length %d (-want +got):\n%s", step, seed1, seed2, n, diff)
			}
		}
	}
	if seen != 430 {
		t.Errorf("read vectors: got %d, want 430", seen)
	}
}

func TestHash64IsFirstWordWithSeedTwice(t *testing.T) {
	msg := pattern(300)
	want, _ := spooky.Hash128(msg, 42, 42)
	if diff := cmp.Diff(want, spooky.Hash64(msg, 42)); diff != "" {
		t.Errorf("Hash64 (-want +got):\n%s", diff)
	}
}

func TestAnySplitEqualsOneShot(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		msg := rapid.SliceOfN(rapid.Byte(), 0, 700).Draw(t, "msg")
		seed1, seed2 := rapid.Uint64().Draw(t, "seed1"), rapid.Uint64().Draw(t, "seed2")
		h := spooky.New(0, 0)
		h.WriteString("left over from before")
		h.Reset(seed1, seed2)
		for at := 0; at < len(msg); {
			n := rapid.IntRange(0, len(msg)-at).Draw(t, "piece")
			if rapid.Bool().Draw(t, "string") {
				h.WriteString(string(msg[at : at+n]))
			} else {
				h.Write(msg[at : at+n])
			}
			at += n
			a, b := spooky.Hash128(msg[:at], seed1, seed2)
			gotA, gotB := h.Sum128()
			if a != gotA || b != gotB {
				t.Fatalf("after %d bytes: got %x %x, want %x %x", at, gotA, gotB, a, b)
			}
		}
	})
}

func TestNoAllocations(t *testing.T) {
	msg := pattern(1000)
	text := string(msg)
	var sink uint64
	allocs := testing.AllocsPerRun(100, func() {
		sink += spooky.Hash64(msg[:50], 0) + spooky.Hash64(msg, 0)
		h := spooky.New(19, 3)
		h.Write(msg)
		h.WriteString(text)
		a, _ := h.Sum128()
		sink += a
	})
	if allocs != 0 {
		t.Errorf("allocations: got %v, want 0", allocs)
	}
}

func BenchmarkHash64(b *testing.B) {
	for _, n := range []int{32, 64, 191, 512, 4096} {
		msg := pattern(n)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.SetBytes(int64(n))
			b.ReportAllocs()
			for b.Loop() {
				spooky.Hash64(msg, 0)
			}
		})
	}
}

func BenchmarkStream(b *testing.B) {
	fields := [][]byte{pattern(8), pattern(8), pattern(12), pattern(4)}
	b.ReportAllocs()
	for b.Loop() {
		h := spooky.New(19, 3)
		for _, f := range fields {
			h.Write(f)
		}
		h.Sum128()
	}
}
