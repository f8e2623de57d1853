package bench_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/keepsql/keepsql/engine/bench"
)

func TestWrite(t *testing.T) {
	row := func(name string, g bench.Goal, direct, haproxy, keepsql []float64) *bench.Row {
		return &bench.Row{Name: name, Unit: "µs", Goal: g, Figures: map[bench.Target][]float64{
			bench.Direct: direct, bench.HAProxy: haproxy, bench.Keepsql: keepsql}}
	}
	type f = []float64
	rows := []*bench.Row{
		row("middle of three", bench.Goal{Limit: 1.15}, nil, f{21, 19, 20}, f{22, 19, 21}),
		row("mean of two", bench.Goal{Limit: 1.15}, nil, f{100, 100}, f{110, 122}),
		row("memory", bench.Goal{Limit: 8, Kind: bench.AtMost}, nil, f{3.3}, f{7.987}),
		row("throughput", bench.Goal{Limit: 56, Kind: bench.Above}, f{100}, nil, f{56}),
		row("without HAProxy", bench.Goal{Limit: 1}, nil, nil, f{1234}),
		row("nothing", bench.Goal{Limit: 1, Kind: bench.AtMost}, nil, f{1}, nil),
	}
	var got strings.Builder
	if err := bench.Write(&got, rows); err != nil {
		t.Fatal(err)
	}
	want := `
| row             | unit | direct | HAProxy     | keepsql     | figure         | goal             | verdict      |
| --------------- | ---- | ------ | ----------- | ----------- | -------------- | ---------------- | ------------ |
| middle of three | µs   |        | 20.0 (19.0) | 21.0 (19.0) | 1.05 × HAProxy | ≤ 1.15 × HAProxy | reached      |
| mean of two     | µs   |        | 100 (100)   | 116 (110)   | 1.16 × HAProxy | ≤ 1.15 × HAProxy | missed       |
| memory          | µs   |        | 3.30        | 7.99        | 7.99           | ≤ 8              | reached      |
| throughput      | µs   | 100    |             | 56.0        | 56.0           | > 56             | missed       |
| without HAProxy | µs   |        |             | 1234        |                | ≤ 1 × HAProxy    | not measured |
| nothing         | µs   |        | 1.00        |             |                | ≤ 1              | not measured |
`
	if diff := cmp.Diff(want, "\n"+got.String()); diff != "" {
		t.Error(diff)
	}
}
