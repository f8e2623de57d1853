package confparse_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/keepsql/keepsql/confparse"
)

// files builds a MapLoader of name and text, one after the other.
func files(pairs ...string) confparse.MapLoader {
	m := confparse.MapLoader{}
	for i := 0; i < len(pairs); i += 2 {
		m[pairs[i]] = []byte(pairs[i+1])
	}
	return m
}

// outline names the items at top level, and the problems by place and code.
func outline(t *confparse.Tree, ds confparse.Diagnostics) string {
	var words []string
	for _, s := range t.Settings {
		words = append(words, fmt.Sprintf("%s@%v", s.Name, s.Pos))
	}
	for _, k := range t.Keywords {
		words = append(words, fmt.Sprintf("%s@%v", k.Name(), k.Pos))
		for _, in := range k.Block {
			words = append(words, fmt.Sprintf(">%s@%v", in.Name(), in.Pos))
		}
	}
	for _, d := range ds {
		words = append(words, fmt.Sprintf("%v:%s@%v", d.Severity, d.Code, d.Pos))
	}
	return strings.Join(words, " ")
}

func TestInclude(t *testing.T) {
	for _, c := range []struct {
		name   string
		files  confparse.MapLoader
		want   string
		read   string // Tree.Files
		globs  string // Tree.Globs
		strict bool
	}{{
		name:  "libconfig file",
		files: files("c", "a=1\n  @include \"dir/i\"\nb=2", "dir/i", "x=1"),
		want:  "a@c:1:1 x@dir/i:1:1 b@c:3:1", read: "c dir/i", globs: "dir/i",
	}, {
		name:  "libconfig names are relative to the working directory",
		files: files("etc/c", "@include \"i\"", "i", "x=1", "etc/i", "y=1"),
		want:  "x@i:1:1", read: "etc/c i", globs: "i",
	}, {
		name:  "libconfig missing",
		files: files("c", "@include \"i\"\nb=2"),
		want:  "b@c:2:1 error:file@c:1:10", read: "c", globs: "i",
	}, {
		name:  "libconfig pattern",
		files: files("c", "@include \"d/*.cnf\"\nz=1", "d/b.cnf", "b=1", "d/a.cnf", "a=1", "d/a.txt", "t=1"),
		want:  "a@d/a.cnf:1:1 b@d/b.cnf:1:1 z@c:2:1", read: "c d/b.cnf d/a.cnf", globs: "d/*.cnf",
	}, {
		name:  "libconfig pattern without a match",
		files: files("c", "@include \"d/*.cnf\"\nz=1"),
		want:  "z@c:2:1", read: "c", globs: "d/*.cnf",
	}, {
		name:  "libconfig directory",
		files: files("c", "@include_dir \"d\"", "d/b.cnf", "b=1", "d/a.conf", "a=1", "d/a.txt", "t=1"),
		want:  "a@d/a.conf:1:1 b@d/b.cnf:1:1", read: "c d/b.cnf d/a.conf", globs: "d/*.cnf d/*.conf",
	}, {
		name:  "libconfig inside a list and a group",
		files: files("c", "l=(\n@include \"i\"\n)\ng={\n@include \"j\"\n}", "i", "1,", "j", "x=1"),
		want:  "l@c:1:1 g@c:4:1", read: "c i j", globs: "i j",
	}, {
		name:  "libconfig only at the start of a line",
		files: files("c", "a=1 @include \"i\"\nb=2", "i", "x=1"),
		want:  "a@c:1:1 b@c:2:1 error:syntax@c:1:5", read: "c",
	}, {
		name:  "libconfig name not closed",
		files: files("c", "@include \"i\nb=2"),
		want:  "b@c:2:1 error:string@c:1:10", read: "c",
	}, {
		name:  "libconfig includes keepalived",
		files: files("c", "@include \"i\"\nb=2", "i", "vrrp_strict\nx {"),
		want:  "vrrp_strict@i:1:1 x@i:2:1 >b=2@c:2:1 error:brace@i:2:3", read: "c i", globs: "i",
	}, {
		name:  "loop",
		files: files("c", "@include \"i\"", "i", "@include \"c\"\nx=1"),
		want:  "x@i:2:1 error:file@i:1:10", read: "c i", globs: "i c",
	}, {
		name:  "twice is no loop",
		files: files("c", "include i\ninclude i", "i", "x"),
		want:  "x@i:1:1 x@i:1:1", read: "c i", globs: "i",
	}, {
		name:  "keepalived names are relative to the file",
		files: files("etc/c", "include d/i", "etc/d/i", "include j", "etc/d/j", "x"),
		want:  "x@etc/d/j:1:1", read: "etc/c etc/d/i etc/d/j", globs: "etc/d/i etc/d/j",
	}, {
		name:  "keepalived absolute",
		files: files("etc/c", "include /d/{b,a}*", "/d/a1", "x", "/d/b1", "y"),
		want:  "x@/d/a1:1:1 y@/d/b1:1:1", read: "etc/c /d/a1 /d/b1", globs: "/d/{b,a}*",
	}, {
		name:  "keepalived in a block, block closed by the includer",
		files: files("c", "v {\n include i\n}\nw", "i", "a\n b {\n c }"),
		want:  "v@c:1:1 >a@i:1:1 >b@i:2:2 w@c:4:1", read: "c i", globs: "i",
	}, {
		name:  "keepalived missing",
		files: files("c", "include i\ninclude *.x\nw"),
		want:  "w@c:3:1 warning:include@c:1:9 warning:include@c:2:9", read: "c", globs: "i *.x",
	}, {
		name:  "keepalived demands",
		files: files("c", "includer i\nincludem i\nincludem *.x\nincludew *.x\nincludeb {a,b}\nincludeb i\nincludea i", "a", ""),
		want: "warning:include@c:1:10 error:include-strict@c:2:10 warning:include@c:3:10 error:include-strict@c:4:10 " +
			"error:include-strict@c:5:10 warning:include@c:6:10 error:include-strict@c:7:10",
		read: "c a", globs: "i *.x {a,b}",
	}, {
		name:   "keepalived demands by option",
		files:  files("c", "include i"),
		want:   "error:include-strict@c:1:9",
		read:   "c",
		globs:  "i",
		strict: true,
	}, {
		name:  "keepalived demands by keyword, restored behind the file",
		files: files("c", "include f\ninclude i", "f", "global_defs {\n include_check +match\n}\ninclude i"),
		want:  "global_defs@f:1:1 >include_check@f:2:2 warning:include@c:2:9 error:include-strict@f:4:9",
		read:  "c f", globs: "f i",
	}, {
		name:  "keepalived demands taken back",
		files: files("c", "global_defs {\n include_check\n include_check -match -wildcard_match\n}\ninclude i"),
		want:  "global_defs@c:1:1 >include_check@c:2:2 >include_check@c:3:2 warning:include@c:5:9",
		read:  "c", globs: "i",
	}, {
		name:  "keepalived by condition and parameter",
		files: files("c", "@n1 include i\n@n2 include j\n$I=include k\n$I\n~SEQ(N,1,2) include l$N", "i", "x", "j", "y", "k", "z", "l1", "l", "l2", "m"),
		want:  "x@i:1:1 z@k:1:1 l@l1:1:1 m@l2:1:1", read: "c i k l1 l2", globs: "i k l1 l2",
	}, {
		name:  "keepalived in the order of a multi-line value",
		files: files("c", "$M= \\\n a \\\n include i \\\n b\n$M", "i", "x"),
		want:  "a@c:2:2 x@i:1:1 b@c:4:2", read: "c i", globs: "i",
	}, {
		name:  "keepalived includes libconfig",
		files: files("c", "include i\nw", "i", "a=1"),
		want:  "a@i:1:1 w@c:2:1", read: "c i", globs: "i",
	}} {
		t.Run(c.name, func(t *testing.T) {
			tree, ds := confparse.ParseWith(confparse.Options{ConfigID: "n1", StrictIncludes: c.strict}, c.files, "c")
			if _, ok := c.files["etc/c"]; ok {
				tree, ds = confparse.Parse(c.files, "etc/c")
			}
			if d := cmp.Diff(c.want, outline(tree, ds)); d != "" {
				t.Errorf("%s\n%v", d, ds)
			}
			if d := cmp.Diff(c.read, strings.Join(tree.Files, " ")); d != "" {
				t.Errorf("files: %s", d)
			}
			if d := cmp.Diff(c.globs, strings.Join(tree.Globs, " ")); d != "" {
				t.Errorf("globs: %s", d)
			}
		})
	}
}

func TestSeveralFiles(t *testing.T) {
	f := files("a", "x=1\nvrrp_script s {\n}", "b", "y=1\nx=2\nvrrp_strict", "c", "open {", "d", "in }")
	tree, ds := confparse.Parse(f, "a", "b", "missing", "c", "d")
	want := "x@a:1:1 y@b:1:1 vrrp_script@a:2:1 vrrp_strict@b:3:1 open@c:1:1 >in@d:1:1 " +
		"error:file@missing:1:1 error:duplicate-setting@b:2:1"
	if d := cmp.Diff(want, outline(tree, ds)); d != "" {
		t.Error(d)
	}
	if got := ds[0].String(); got != `missing:1:1: error: cannot read file: open missing: file does not exist` {
		t.Error(got)
	}
}

func TestOptions(t *testing.T) {
	opt := confparse.Options{ConfigID: "n2", WorkDir: "/w", Seed: 7, Env: map[string]string{"E": "env"}}
	f := files("d/c", "@n2 a\n@^n2 b\nc ${_PWD} ${_INSTANCE} ${_ENV E} x${_ENV NONE}y\nd ${_RANDOM} ${_RANDOM 10} ${_RANDOM 5 6}",
		"/abs/c", "e ${_PWD}")
	tree, ds := confparse.ParseWith(opt, f, "d/c", "/abs/c")
	if len(ds) > 0 {
		t.Fatal(ds)
	}
	var got []string
	for _, k := range tree.Keywords {
		got = append(got, k.Name()+" "+k.Rest)
	}
	random := got[2]
	got = append(got[:2], got[3:]...)
	if d := cmp.Diff([]string{"a ", "c /w/d n2 env xy", "e /abs"}, got); d != "" {
		t.Error(d)
	}
	var any, ten, five int
	if _, err := fmt.Sscanf(random, "d %d %d %d", &any, &ten, &five); err != nil {
		t.Fatalf("%q: %v", random, err)
	}
	if any < 0 || any > 32767 || ten < 10 || ten > 32767 || five < 5 || five > 6 {
		t.Errorf("out of range: %q", random)
	}
	again, _ := confparse.ParseWith(opt, f, "d/c", "/abs/c")
	if d := cmp.Diff(tree, again); d != "" {
		t.Errorf("same bytes, another tree: %s", d)
	}
}

// TestTextHandedOver parses every case from the texts the first parse has read.
func TestTextHandedOver(t *testing.T) {
	names, err := filepath.Glob("testdata/*/*.c*nf")
	if err != nil || len(names) < 100 {
		t.Fatalf("%d cases: %v", len(names), err)
	}
	for _, name := range names {
		tree, ds := confparse.Parse(confparse.Files{}, name)
		again, dsAgain := confparse.Parse(confparse.MapLoader(tree.Text), name)
		if d := cmp.Diff(tree, again) + cmp.Diff(ds, dsAgain); d != "" {
			t.Errorf("%s: %s", name, d)
		}
		for _, d := range ds {
			if got := tree.Line(d.Pos); got != d.Line {
				t.Errorf("%v: line %q, want %q", d.Pos, got, d.Line)
			}
		}
	}
	tree, _ := confparse.Parse(confparse.Files{}, "testdata/seed/node1.cnf")
	for pos, want := range map[confparse.Pos]string{
		{File: "testdata/seed/node1.cnf", Line: 24}:  "mysql_variables=",
		{File: "testdata/seed/node1.cnf", Line: 999}: "",
		{File: "other", Line: 1}:                     "",
	} {
		if got := tree.Line(pos); got != want {
			t.Errorf("line %v: %q, want %q", pos, got, want)
		}
	}
}

func TestRest(t *testing.T) {
	f := files("c", `$P=/bin/x
script   "$P y" z   # comment
notify "${P} 'a b'" root {
nothing
"quoted" rest
glued"quote"
`)
	tree, _ := confparse.Parse(f, "c")
	var got []string
	for _, k := range append(tree.Keywords, tree.Keywords[1].Block...) {
		got = append(got, k.Name()+"|"+k.Rest)
	}
	want := []string{`script|"$P y" z`, `notify|"/bin/x 'a b'" root`, `nothing|`, `quoted|rest`, `glued|"quote"`}
	want[0] = `script|"/bin/x y" z`
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestLimits(t *testing.T) {
	repeat := strings.Repeat
	deep := files()
	for i := range 20 {
		deep[fmt.Sprint("f", i)] = fmt.Appendf(nil, "include f%d\nx", i+1)
	}
	deep["f20"] = nil
	bomb := files()
	for i := range 12 {
		bomb[fmt.Sprint("f", i)] = []byte(repeat(fmt.Sprintf("include f%d\n", i+1), 10))
	}
	bomb["f12"] = nil
	big := files("f0", repeat("include big\n", 100), "big", "# "+repeat("x", 1<<20))
	for _, c := range []struct {
		name  string
		files confparse.MapLoader
		want  string
	}{
		{"depth of includes", deep, "files include each other more than 16 deep"},
		{"number of includes", bomb, "more than 10000 files are included"},
		{"bytes", big, "the files are larger than 64 MiB together"},
		{"brackets", files("f0", "a = "+repeat("(", 10_000)), "brackets are nested more than 64 deep"},
		{"blocks", files("f0", repeat("a {\n", 10_000)), "blocks are nested more than 64 deep"},
		{"problems", files("f0", repeat("a {\n}\n}\n", 1000)), "too many problems, the rest is not read"},
		{"rounds of loops", files("f0", "~SEQ(A,1,1000) ~SEQ(B,1,1000) x"), "loops and parameters make more than 100000 lines or 16 MiB"},
		{"bytes of loops", files("f0", "~SEQ(A,1,90000) "+repeat("x", 1000)), "loops and parameters make more than 100000 lines or 16 MiB"},
		{"parameter in itself", files("f0", "$A=x${A}\na $A"), `parameter "A" refers to itself, or stands for too much text`},
		{"parameters doubled", files("f0", "$A=${B}${B}\n$B=${C}${C}\n$C="+repeat("x", 40_000)+"\na $A"), `parameter "C" refers to itself, or stands for too much text`},
		{"lines that make lines", files("f0", "$A= \\\n x \\\n $A\n$A"), "parameters and loops are nested more than 32 deep, or refer to themselves"},
		{"loop in itself", files("f0", "$A=~SEQ(I,1,2) $A\n$A"), `parameter "A" refers to itself, or stands for too much text`},
		{"no text", files("f0", "a=1\nb=\x00"), "the file holds a NUL byte, it is no text"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, ds := confparse.Parse(c.files, "f0")
			found := false
			for _, d := range ds {
				found = found || d.Message == c.want
			}
			if !found || len(ds) > 200 {
				t.Errorf("want %q, got %d problems:\n%.2000v", c.want, len(ds), ds)
			}
		})
	}
}

func TestLongLineIsNotShown(t *testing.T) {
	_, ds := confparse.Parse(files("c", "a = "+strings.Repeat("x", 1000)), "c")
	if len(ds) != 1 || ds[0].Line != "" {
		t.Errorf("got %v", ds)
	}
}

// TestUnreadable has files on disk that keepalived would not include.
func TestUnreadable(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	write("good.inc", "x", 0o644)
	write("run.inc", "y", 0o755)
	write("large.inc", strings.Repeat("#", 2000), 0o644)
	if err := os.Mkdir(filepath.Join(dir, "dir.inc"), 0o755); err != nil {
		t.Fatal(err)
	}
	main := write("main", "include *.inc\nincluder *.inc", 0o644)
	tree, ds := confparse.Parse(confparse.Files{MaxSize: 1000}, main, dir)
	got := strings.ReplaceAll(outline(tree, ds), dir+"/", "")
	want := "x@good.inc:1:1 x@good.inc:1:1 error:file@" + dir + ":1:1 " +
		strings.Repeat("warning:include@main:1:9 ", 3) +
		"warning:include@main:2:10 error:include-strict@main:2:10 warning:include@main:2:10"
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("%s\n%v", d, ds)
	}
}
