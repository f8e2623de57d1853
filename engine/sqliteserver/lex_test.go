package sqliteserver

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSplit(t *testing.T) {
	f := func(sql, statement, rest, tokens string) {
		t.Helper()
		gotStatement, gotRest, list := split(sql)
		var words []string
		for _, tok := range list {
			words = append(words, tok.text)
		}
		got := []string{gotStatement, gotRest, strings.Join(words, " ")}
		if d := cmp.Diff([]string{statement, rest, tokens}, got); d != "" {
			t.Errorf("%q: %s", sql, d)
		}
	}
	f("", "", "", "")
	f("a;b", "a", "b", "a")
	f("SET @a:=1, @@session.b = 'x;''y' ; c", "SET @a:=1, @@session.b = 'x;''y'", " c", "SET @a : = 1 , @@session.b = 'x;''y'")
	f("/* ; */ a -- ;\n# ;\n`b``;` /* open", "/* ; */ a -- ;\n# ;\n`b``;`", "", "a b`;")
	f(`"open ; `, `"open ; `, "", `"open ; `)
}

func FuzzSplit(f *testing.F) {
	f.Add("SELECT @@a, 'x;y' -- z\n; `q``` /* ; */")
	f.Fuzz(func(t *testing.T, sql string) {
		pos := 0
		l := lexer{sql: sql}
		for tok := l.next(); tok.kind != end; tok = l.next() {
			if tok.start < pos || tok.end <= tok.start {
				t.Fatalf("token %+v behind %d", tok, pos)
			}
			pos = tok.end
		}
		if pos > len(sql) {
			t.Fatalf("read %d of %d bytes", pos, len(sql))
		}
		for rest := skip(sql); rest != ""; rest = skip(rest) {
			before := len(rest)
			if _, rest, _ = split(rest); len(rest) >= before {
				t.Fatalf("split(%q) takes nothing off", rest)
			}
		}
	})
}
