package confparse_test

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/keepsql/keepsql/confparse"
)

// dump writes a tree so that a person can compare it with the text it came from: one line
// per node, its place first.
func dump(t *confparse.Tree, ds confparse.Diagnostics) string {
	var b strings.Builder
	dumpSettings(&b, t.Settings, 0)
	dumpKeywords(&b, t.Keywords, 0)
	if len(ds) > 0 {
		b.WriteString("--\n" + ds.String())
	}
	return b.String()
}

func dumpSettings(b *strings.Builder, settings []*confparse.Setting, depth int) {
	for _, s := range settings {
		fmt.Fprintf(b, "%-8s%s%s = ", place(s.Pos), strings.Repeat("  ", depth), s.Name)
		dumpValue(b, s.Value, depth)
	}
}

func dumpValue(b *strings.Builder, v confparse.Value, depth int) {
	switch v.Kind {
	case confparse.Bool:
		fmt.Fprintf(b, "%t\n", v.Bool)
	case confparse.Int:
		fmt.Fprintf(b, "%d\n", v.Int)
	case confparse.Int64:
		fmt.Fprintf(b, "%dL\n", v.Int)
	case confparse.Float:
		fmt.Fprintf(b, "%s\n", strconv.FormatFloat(v.Float, 'e', -1, 64))
	case confparse.String:
		fmt.Fprintf(b, "%q\n", v.Str)
	case confparse.Group:
		b.WriteString("{\n")
		dumpSettings(b, v.Group, depth+1)
	case confparse.Array, confparse.List:
		b.WriteString(map[confparse.Kind]string{confparse.Array: "[\n", confparse.List: "(\n"}[v.Kind])
		for _, e := range v.Elems {
			fmt.Fprintf(b, "%-8s%s- ", place(e.Pos), strings.Repeat("  ", depth+1))
			dumpValue(b, e, depth+1)
		}
	}
}

func dumpKeywords(b *strings.Builder, keywords []*confparse.Keyword, depth int) {
	for _, k := range keywords {
		fmt.Fprintf(b, "%-8s%s", place(k.Pos), strings.Repeat("  ", depth))
		for i, w := range k.Words {
			if i > 0 {
				b.WriteByte(' ')
			}
			if w.Quoted {
				fmt.Fprintf(b, "%q", w.Text)
			} else {
				b.WriteString(w.Text)
			}
		}
		if k.HasBlock {
			b.WriteString(" {")
		}
		b.WriteByte('\n')
		dumpKeywords(b, k.Block, depth+1)
	}
}

// place leaves the file out: a case has one, or shows the others by their lines.
func place(p confparse.Pos) string { return fmt.Sprintf("%d:%d", p.Line, p.Col) }
