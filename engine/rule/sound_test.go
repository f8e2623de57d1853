package rule

import (
	"testing"

	"github.com/dlclark/regexp2/v2"
)

func TestSound(t *testing.T) {
	for expr, want := range map[string]bool{
		`^SELECT .* FROM table_7 WHERE id=\?$`: true, `a|b`: true, `\d+\.\w?`: true, ``: true,
		`(a)`: false, `[a]`: false, `a{2}`: false, `*a`: false, `a**`: false, `a+?`: false, `^*`: false, `\b`: false, `\`: false, "é": false, `a\1`: false, `#`: false,
	} {
		if got := sound(expr); got != want {
			t.Errorf("sound(%q) = %v, want %v", expr, got, want)
		}
	}
}

// What is called sound compiles.
func FuzzSound(f *testing.F) {
	for _, expr := range []string{`^SELECT .* FROM t WHERE id=\?$`, `a|\d+`, `<a>'b'`, `$^|.*`, `\\\/-`} {
		f.Add(expr)
	}
	f.Fuzz(func(t *testing.T, expr string) {
		if !sound(expr) {
			return
		}
		for _, options := range []regexp2.RegexOptions{regexp2.None, regexp2.IgnoreCase} {
			if _, err := regexp2.Compile(expr, options); err != nil {
				t.Errorf("%q: %v", expr, err)
			}
		}
	})
}
