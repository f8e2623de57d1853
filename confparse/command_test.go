package confparse_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/keepsql/keepsql/confparse"
)

func TestSplitCommand(t *testing.T) {
	for _, c := range []struct {
		name, rest string
		want       []string
	}{
		{"empty", ``, nil},
		{"blanks", " \t ", nil},
		{"plain", `/usr/bin/test 1 -eq 1`, []string{"/usr/bin/test", "1", "-eq", "1"}},
		{"quoted whole", `"killall -0 proxysql"`, []string{"killall", "-0", "proxysql"}},
		{"quoted whole in single quotes", `'killall -0 proxysql'`, []string{"killall", "-0", "proxysql"}},
		{"quoted within quoted", `"/a/b.sh x 'y z'"`, []string{"/a/b.sh", "x", "y z"}},
		{"more behind the quoted", `"/a b" c "d e"`, []string{"/a", "b", "c", "d e"}},
		{"later words are not split again", `/a "b 'c d'"`, []string{"/a", "b 'c d'"}},
		{"program with a blank", `"'/a b/c' d"`, []string{"/a b/c", "d"}},
		{"glued", `/a b"c d"'e f'g`, []string{"/a", "bc de fg"}},
		{"empty words", `/a "" ''`, []string{"/a", "", ""}},
		{"no shell", `"ss -ltn | grep ':6033 ' >/dev/null 2>&1"`, []string{"ss", "-ltn", "|", "grep", ":6033 ", ">/dev/null", "2>&1"}},
		{"letters", `/a \a\b\E\f\n\r\t\v`, []string{"/a", "\a\b\x1b\f\n\r\t\v"}},
		{"octal", `/a \101\0502\7 \18`, []string{"/a", "A(2\a", "\x018"}},
		{"hexadecimal", `/a \x41 \x141 \xg`, []string{"/a", "A", "A", "xg"}},
		{"control", `/a \cA\cz`, []string{"/a", "\x01\x1a"}},
		{"literal", `/a \ \"\'\\\# \q`, []string{"/a", ` "'\#`, "q"}},
		{"escape inside quotes", `/a "b\"c" 'd\'e'`, []string{"/a", `b"c`, `d'e`}},
		{"other quote inside quotes", `/a "b'c" 'd"e'`, []string{"/a", `b'c`, `d"e`}},
		{"backslash at the end", `/a b\`, []string{"/a", `b\`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := confparse.SplitCommand(c.rest)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(c.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestSplitCommandErrors(t *testing.T) {
	for rest, want := range map[string]string{
		`/a "b`:          "a quote is not closed",
		`/a 'b"`:         "a quote is not closed",
		`"/a 'b"`:        `split "/a 'b": a quote is not closed`,
		`/a "b\"`:        "a quote is not closed",
		`/a \0`:          `\0 cannot be part of a command`,
		`/a \x00`:        `\0 cannot be part of a command`,
		`/a \400`:        `\0 cannot be part of a command`,
		`"/a \\0"`:       `split "/a \\0": \0 cannot be part of a command`,
		`/a "b" 'c' "d'`: "a quote is not closed",
	} {
		if got, err := confparse.SplitCommand(rest); err == nil || err.Error() != want {
			t.Errorf("%s: want error %q, got %q, %v", rest, want, got, err)
		}
	}
}

// TestSplitWords splits a line that has more behind the command, as its documentation says.
func TestSplitWords(t *testing.T) {
	words, err := confparse.SplitWords(`"/a 'b c'" user group`)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"/a 'b c'", "user", "group"}, words); d != "" {
		t.Fatal(d)
	}
	command, err := confparse.SplitWords(words[0])
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"/a", "b c"}, command); d != "" {
		t.Error(d)
	}
}
