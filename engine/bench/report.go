package bench

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// Target names a column of the table.
type Target string

// The targets, in the order of the columns.
const (
	Direct   Target = "direct"
	HAProxy  Target = "HAProxy"
	ProxySQL Target = "ProxySQL"
	Keepsql  Target = "keepsql"
)

var columns = []Target{Direct, HAProxy, ProxySQL, Keepsql}

// Goal is what a row has to reach.
type Goal struct {
	Limit float64
	Kind  Kind
}

// Kind says what a goal compares with its limit.
type Kind int

// The kinds of goals.
const (
	Ratio  Kind = iota // keepsql's figure ÷ HAProxy's is not above the limit
	AtMost             // keepsql's figure is not above the limit
	Above              // keepsql's figure is above the limit
)

// Row is one line of the table: the figures of each target, one per repetition.
type Row struct {
	Name    string
	Unit    string
	Goal    Goal
	Figures map[Target][]float64
}

// Add adds the figure of one repetition.
func (r *Row) Add(t Target, figure float64) {
	if r.Figures == nil {
		r.Figures = map[Target][]float64{}
	}
	r.Figures[t] = append(r.Figures[t], figure)
}

// Median is the middle figure of a target, of an even number of them the mean of the two in the middle. ok is false where
// it has none.
func (r *Row) Median(t Target) (median float64, ok bool) {
	n := len(r.Figures[t])
	if n == 0 {
		return 0, false
	}
	v := slices.Sorted(slices.Values(r.Figures[t]))
	return (v[(n-1)/2] + v[n/2]) / 2, true
}

// Reached compares a row with its goal. figure is what is compared: keepsql's median, or its ratio to HAProxy's. ok is
// false where something is missing to tell.
func (r *Row) Reached() (figure float64, reached, ok bool) {
	figure, ok = r.Median(Keepsql)
	if !ok {
		return 0, false, false
	}
	switch r.Goal.Kind {
	case Ratio:
		base, known := r.Median(HAProxy)
		if !known || base <= 0 {
			return 0, false, false
		}
		figure /= base
	case Above:
		return figure, figure > r.Goal.Limit, true
	}
	return figure, figure <= r.Goal.Limit, true
}

// String shows what is known of a row, for progress.
func (r *Row) String() string {
	var b strings.Builder
	b.WriteString(r.Name + ":")
	for _, t := range columns {
		if cell := r.cell(t); cell != "" {
			fmt.Fprintf(&b, "  %s %s", t, cell)
		}
	}
	if figure, _, ok := r.Reached(); ok {
		fmt.Fprintf(&b, "  → %.2f", figure)
	}
	return b.String()
}

// Write writes the rows as one table in Markdown. Cells are the median and the minimum.
func Write(w io.Writer, rows []*Row) error {
	targets := slices.DeleteFunc(slices.Clone(columns), func(t Target) bool {
		return !slices.ContainsFunc(rows, func(r *Row) bool { return len(r.Figures[t]) > 0 })
	})
	head := []string{"row", "unit"}
	for _, t := range targets {
		head = append(head, string(t))
	}
	lines := [][]string{append(head, "figure", "goal", "verdict")}
	for _, r := range rows {
		lines = append(lines, r.line(targets))
	}
	return writeTable(w, lines)
}

func (r *Row) line(targets []Target) []string {
	line := []string{r.Name, r.Unit}
	for _, t := range targets {
		line = append(line, r.cell(t))
	}
	figure, reached, ok := r.Reached()
	if !ok {
		return append(line, "", r.Goal.text(), "not measured")
	}
	verdict := "missed"
	if reached {
		verdict = "reached"
	}
	return append(line, number(figure)+r.Goal.sign(), r.Goal.text(), verdict)
}

// cell shows a target's median and minimum.
func (r *Row) cell(t Target) string {
	m, ok := r.Median(t)
	switch {
	case !ok:
		return ""
	case len(r.Figures[t]) == 1:
		return number(m)
	}
	return fmt.Sprintf("%s (%s)", number(m), number(slices.Min(r.Figures[t])))
}

// number shows three digits or more.
func number(v float64) string {
	switch {
	case v < 10:
		return fmt.Sprintf("%.2f", v)
	case v < 100:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.0f", v)
}

func (g Goal) sign() string {
	if g.Kind == Ratio {
		return " × HAProxy"
	}
	return ""
}

func (g Goal) text() string {
	relation := "≤"
	if g.Kind == Above {
		relation = ">"
	}
	return fmt.Sprintf("%s %g%s", relation, g.Limit, g.sign())
}

// writeTable aligns the columns; the first line is the head.
func writeTable(w io.Writer, lines [][]string) error {
	width := make([]int, len(lines[0]))
	for _, line := range lines {
		for i, cell := range line {
			width[i] = max(width[i], len([]rune(cell)))
		}
	}
	rule := make([]string, len(width))
	for i, n := range width {
		rule[i] = strings.Repeat("-", n)
	}
	for _, line := range slices.Insert(lines, 1, rule) {
		for i, cell := range line {
			line[i] = cell + strings.Repeat(" ", width[i]-len([]rune(cell)))
		}
		if _, err := fmt.Fprintf(w, "| %s |\n", strings.Join(line, " | ")); err != nil {
			return fmt.Errorf("write table: %w", err)
		}
	}
	return nil
}
