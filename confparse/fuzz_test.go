package confparse_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/keepsql/keepsql/confparse"
)

// FuzzLibconfig parses text as a file and as an include. What has no errors must say the
// same when it is written out and parsed again.
func FuzzLibconfig(f *testing.F) {
	f.Add("a = 1; b : (\n@include \"i\"\n, [ 1, 2 ]) c = { d = \"x\\x41\" \"y\" }", "{ e = 0x1FL }")
	f.Fuzz(func(t *testing.T, text, include string) {
		tree, ds := checkParse(t, files("c", text, "i", include))
		if ds.HasErrors() || len(tree.Keywords) > 0 {
			return
		}
		var b strings.Builder
		writeSettings(&b, tree.Settings)
		again, ds := confparse.Parse(files("c", b.String()), "c")
		var c strings.Builder
		writeSettings(&c, again.Settings)
		if d := cmp.Diff(b.String(), c.String()); d != "" || len(ds) > 0 {
			t.Errorf("%s%v", d, ds)
		}
	})
}

// FuzzKeepalived parses text as a file and as an include.
func FuzzKeepalived(f *testing.F) {
	f.Add("$A=x\n@n1 v $A{\ninclude i\n~SEQ(I,1,3) b$I\n}", "script \"/x 'y'\"\n$M= \\\n a \\\n b\n$M")
	f.Fuzz(func(t *testing.T, text, include string) {
		tree, _ := checkParse(t, files("c", text, "i", include))
		checkKeywords(t, tree, tree.Keywords)
	})
}

// FuzzSplitCommand splits a command line. What can be split must give the same words when
// each is quoted.
func FuzzSplitCommand(f *testing.F) {
	f.Add(`"/a/b.sh x 'y z'" \x41`)
	f.Fuzz(func(t *testing.T, rest string) {
		words, err := confparse.SplitCommand(rest)
		if err != nil {
			return
		}
		quoted := make([]string, len(words))
		for i, w := range words {
			quoted[i] = "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(w) + "'"
		}
		again, err := confparse.SplitWords(strings.Join(quoted, " "))
		if d := cmp.Diff(words, again, cmpopts.EquateEmpty()); d != "" || err != nil {
			t.Errorf("%s %v", d, err)
		}
	})
}

// checkParse parses twice and checks what holds for any text.
func checkParse(t *testing.T, m confparse.MapLoader) (*confparse.Tree, confparse.Diagnostics) {
	opt := confparse.Options{ConfigID: "n1", Seed: 1}
	tree, ds := confparse.ParseWith(opt, m, "c")
	again, dsAgain := confparse.ParseWith(opt, m, "c")
	// cmp.Diff of the trees takes time exponential in their depth.
	if !reflect.DeepEqual(tree, again) || !reflect.DeepEqual(ds, dsAgain) {
		t.Fatalf("another result: %s", cmp.Diff(dump(tree, ds), dump(again, dsAgain)))
	}
	for _, d := range ds {
		_ = d.String()
		line := tree.Line(d.Pos)
		if d.Message == "" || d.Line != line || d.Pos.Line < 1 || d.Pos.Col < 1 || line != "" && d.Pos.Col > len(line)+2 {
			t.Errorf("bad diagnostic %#v for line %q", d, line)
		}
	}
	return tree, ds
}

// checkKeywords checks that every keyword has a name and every word a place.
func checkKeywords(t *testing.T, tree *confparse.Tree, keywords []*confparse.Keyword) {
	for _, k := range keywords {
		if len(k.Words) == 0 || k.Pos != k.Words[0].Pos {
			t.Fatalf("keyword without a name: %+v", k)
		}
		for _, w := range k.Words {
			if _, known := tree.Text[w.Pos.File]; !known || w.Pos.Line < 1 || w.Pos.Col < 1 {
				t.Errorf("word %q has no place: %+v", w.Text, w.Pos)
			}
		}
		checkKeywords(t, tree, k.Block)
	}
}

func writeSettings(b *strings.Builder, settings []*confparse.Setting) {
	for _, s := range settings {
		b.WriteString(s.Name + " = ")
		writeValue(b, s.Value)
		b.WriteString(";\n")
	}
}

func writeValue(b *strings.Builder, v confparse.Value) {
	elems := func(open, closer string) {
		b.WriteString(open)
		for i, e := range v.Elems {
			if i > 0 {
				b.WriteString(", ")
			}
			writeValue(b, e)
		}
		b.WriteString(closer)
	}
	switch v.Kind {
	case confparse.Bool:
		fmt.Fprint(b, v.Bool)
	case confparse.Int:
		fmt.Fprint(b, v.Int)
	case confparse.Int64:
		fmt.Fprintf(b, "%dL", v.Int)
	case confparse.Float:
		fmt.Fprintf(b, "%.17e", v.Float)
	case confparse.String:
		b.WriteByte('"')
		for i := range len(v.Str) {
			fmt.Fprintf(b, `\x%02x`, v.Str[i])
		}
		b.WriteByte('"')
	case confparse.Array:
		elems("[", "]")
	case confparse.List:
		elems("(", ")")
	case confparse.Group:
		b.WriteString("{\n")
		writeSettings(b, v.Group)
		b.WriteString("}")
	}
}
