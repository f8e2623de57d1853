package gtid_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/keepsql/keepsql/engine/gtid"
)

const (
	a = "3e11fa47-71ca-11e1-9e33-c80aa9429562"
	b = "85c17137-4258-11e8-8090-0242ac130002"
)

func TestParseID(t *testing.T) {
	for text, want := range map[string]string{
		a + ":23":                             a + ":23",
		" " + a + ":1":                        a + ":1",
		"3E11FA4771CA11E19E33C80AA9429562:23": a + ":23",
		a + ":21-23":                          a + ":21-23",
		a + ":Tag_1:23":                       a + ":tag_1:23",
		"0-1-100":                             "0-1-100",
		"4294967295-2-5":                      "4294967295-2-5",
		a + ":9223372036854775807":            a + ":9223372036854775807",
		"":                                    "", a: "", a + ":": "", a + ":0": "", a + ":5-4": "", a + ":1:2": "", a + ":x:y:1": "", a + ":9223372036854775808": "",
		"0-1": "", "0-1-0": "", "1-2-3-4": "", "4294967296-1-1": "", "xe11fa47-71ca-11e1-9e33-c80aa9429562:1": "",
		a + ":1," + b + ":2": "", a + ":thistagislongerthanthirtytwobytes:1": "",
	} {
		id, err := gtid.ParseID([]byte(text))
		if d := cmp.Diff(want, id.String()); d != "" || (err == nil) != (want != "") || id.None() != (want == "") {
			t.Errorf("%q: %v %s", text, err, d)
		}
	}
}

func TestLatest(t *testing.T) {
	for text, want := range map[string]string{
		a + ":23": a + ":23", a + ":1-3:5": a + ":5", a + ":1-3,\n" + b + ":7-8": b + ":7-8", "0-1-5": "0-1-5", "0-1-5,1-2-3": "1-2-3",
		"": "", "x": "", a + ":tag": "",
	} {
		id, err := gtid.Latest([]byte(text))
		if d := cmp.Diff(want, id.String()); d != "" || (err == nil) != (want != "") {
			t.Errorf("%q: %v %s", text, err, d)
		}
	}
}

func TestSet(t *testing.T) {
	for text, want := range map[string]string{
		"":                                  "",
		b + ":1-3," + a + ":5":              a + ":5," + b + ":1-3",
		a + ":1-10:12-20":                   a + ":1-10:12-20",
		a + ":1-10:11-20":                   a + ":1-20",
		a + ":5:1:3:2-4":                    a + ":1-5",
		a + ":1-3:tag:1-5, " + a + ":tag:7": a + ":1-3," + a + ":tag:1-5:7",
		"0-1-100,1-2-20":                    "0-1-100,1-2-20",
	} {
		s, err := gtid.ParseSet([]byte(text))
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		if d := cmp.Diff(want, s.String()); d != "" {
			t.Errorf("%q: %s", text, d)
		}
	}
	for _, text := range []string{"x", a, a + ":", a + ":1-", a + ":1:,", "0-1"} {
		if s, err := gtid.ParseSet([]byte(text)); err == nil {
			t.Errorf("%q is the set %s", text, s)
		}
	}
	s, _ := gtid.ParseSet([]byte(a + ":1-10:12-20:tag:3,0-1-100"))
	for text, want := range map[string]bool{
		a + ":1": true, a + ":10": true, a + ":11": false, a + ":12": true, a + ":21": false, b + ":1": false, a + ":tag:3": true,
		a + ":tag:1": false, a + ":13-20": true, a + ":9-12": false, "0-7-100": true, "0-1-101": false, "1-1-1": false,
	} {
		if id, _ := gtid.ParseID([]byte(text)); s.Has(&id) != want {
			t.Errorf("%s has %s: %v", s, text, !want)
		}
	}
}

// A Set stays what it was when its Builder goes on.
func TestBuilderKeepsSets(t *testing.T) {
	var d gtid.Decoder
	lines := func(lines ...string) {
		t.Helper()
		for _, l := range lines {
			if err := d.Line([]byte(l)); err != nil {
				t.Fatal(err)
			}
		}
	}
	lines("ST=" + a + ":1-10:12-20")
	first := d.Set()
	lines("I1="+strings.ReplaceAll(a, "-", "")+":11", "I2=22", "I4=24-25", "I3="+b+":1-3", "I2=4")
	second := d.Set()
	lines("ST=")
	if d := cmp.Diff([]string{a + ":1-10:12-20", a + ":1-20:22:24-25," + b + ":1-4", ""}, []string{first.String(), second.String(), d.Set().String()}); d != "" {
		t.Error(d)
	}
}

func TestBadLines(t *testing.T) {
	for _, l := range []string{"", "ST", "I1=" + a + ":1", "XX=1"} {
		var d gtid.Decoder
		if err := d.Line([]byte(l)); err == nil {
			t.Errorf("%q is taken as the first line", l)
		}
	}
	for _, l := range []string{"I1=1", "I2=1", "I4=1-2", "I5=1", "XX=1", "J1=" + a + ":1", "I1=0-1-5", "ST=x"} {
		var d gtid.Decoder
		if err := d.Line([]byte("ST=" + a + ":1")); err != nil {
			t.Fatal(err)
		}
		if err := d.Line([]byte(l)); err == nil || !strings.Contains(err.Error(), "read ") {
			t.Errorf("%q: %v", l, err)
		}
	}
}

func TestNoAllocations(t *testing.T) {
	s, _ := gtid.ParseSet([]byte(a + ":1-10:12-20," + b + ":1-1000000"))
	var e gtid.Executed
	e.Publish(s, 1)
	text := []byte(b + ":999999")
	if n := testing.AllocsPerRun(100, func() {
		id, err := gtid.ParseID(text)
		if err != nil || !e.Has(&id) {
			t.Fatal(err)
		}
		if id, err = gtid.Latest(text); err != nil || id.None() {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkHas(b2 *testing.B) {
	s, _ := gtid.ParseSet([]byte(a + ":1-10:12-20," + b + ":1-1000000"))
	id, _ := gtid.ParseID([]byte(b + ":999999"))
	var e gtid.Executed
	e.Publish(s, 1)
	for b2.Loop() {
		e.Has(&id)
	}
}

// What a reader with a busy server costs: a line, and a new set.
func BenchmarkLine(b2 *testing.B) {
	var d gtid.Decoder
	if err := d.Line([]byte("ST=" + a + ":1-10," + b + ":1-1000000")); err != nil {
		b2.Fatal(err)
	}
	line := []byte("I1=" + b + ":1000001")
	b2.ReportAllocs()
	for b2.Loop() {
		if err := d.Line(line); err != nil {
			b2.Fatal(err)
		}
		d.Set()
	}
}
