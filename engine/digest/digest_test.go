package digest_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/keepsql/keepsql/conf/spooky"
	"github.com/keepsql/keepsql/engine/digest"
)

func text(query string, o digest.Options) string {
	var d digest.Digester
	b, _ := d.Append(nil, []byte(query), &o)
	return string(b)
}

func TestAppendKeepsWhatIsThere(t *testing.T) {
	var d digest.Digester
	o := digest.DefaultOptions()
	got, _ := d.Append([]byte("( ? , "), []byte("SELECT 1"), &o)
	if diff := cmp.Diff("( ? , SELECT ?", string(got)); diff != "" {
		t.Errorf("Append (-want +got):\n%s", diff)
	}
}

func TestCommentDoesNotSurviveItsQuery(t *testing.T) {
	var d digest.Digester
	o := digest.DefaultOptions()
	d.Append(nil, []byte("/* hostgroup=1 */ SELECT 1"), &o)
	if _, comment := d.Append(nil, []byte("SELECT 1"), &o); len(comment) != 0 {
		t.Errorf("first comment: got %q, want none", comment)
	}
}

// A text that is full is abbreviated and filled again, so a long list costs the
// room of a short one.
func TestLongStatementsAreCollapsedAsTheyAreRead(t *testing.T) {
	o := digest.DefaultOptions()
	o.MaxQueryLength = 200
	row := "(1, 'b', 3, -4, 5)"
	query := "INSERT INTO t VALUES " + row + strings.Repeat(", "+row, 5000)
	group := "(?,?,?,...)"
	want := "INSERT INTO t VALUES " + group + strings.Repeat(","+group, 9) + ",..."
	if got := text(query, o); !strings.HasPrefix(got, want) || len(got) > 200 {
		t.Errorf("digest of %d rows: got %q (%d bytes), want at most 200 bytes beginning with %q", 5001, got, len(got), want)
	}
}

func TestOptionsOutOfRangeAreHarmless(t *testing.T) {
	query := "SELECT * FROM t1 WHERE a IN (1,2,3,4,5,6,7) /* c */ AND b='x'"
	for name, o := range map[string]digest.Options{
		"zero":     {},
		"negative": {GroupingLimit: -1, GroupsGroupingLimit: -1, MaxQueryLength: -1, MaxDigestLength: -1},
		"huge":     {GroupingLimit: 1 << 40, GroupsGroupingLimit: 1 << 20, MaxQueryLength: 1 << 40, MaxDigestLength: 1 << 40},
	} {
		if got := text(query, o); len(got) > len(query) {
			t.Errorf("options %s: text is longer than the query: %q", name, got)
		}
	}
}

// Wherever the text is full for the first time, the passes go on from there.
func TestEveryLimitHolds(t *testing.T) {
	queries := []string{
		"INSERT INTO t VALUES ( 1 , - 2 , + 3 , 4 , 5 ) , (1,2,3,4,5),(1,2,3,4,5) , ( 1 )",
		"SELECT ( - - 1 ) , 2 - 3 , 4 -- c\n - 5 * 6 / 7 , 'x' , ( ? , ? , ? , ? , ? ) , ( ) ; ;",
		"a ( , ) , ( - ) ? , ? * ? + 1.5e-5 , 12345678901234567890 /* c */ , /*!40101 1,2,3 */ (,)",
	}
	for _, query := range queries {
		for n := range 2 * (len(query) + 1) * 8 {
			o := digest.DefaultOptions()
			o.KeepComment, o.NoDigits, o.GroupsGroupingLimit = n&1 != 0, n&2 != 0, 1
			o.GroupingLimit, o.MaxQueryLength = 1+n>>2&3, n>>4
			if got := text(query, o); len(got) > o.MaxQueryLength {
				t.Errorf("options %+v, query %q: text %q has %d bytes", o, query, got, len(got))
			}
		}
	}
}

func TestRowKeyIsTheHashOfTheFields(t *testing.T) {
	row := digest.Row{Username: "app", Schemaname: "shop", Digest: 0x1C46AE529DD5A40E, Hostgroup: -1, Client: "10.0.0.9"}
	fields := "app" + "\x0E\xA4\xD5\x9D\x52\xAE\x46\x1C" + "shop" + "\xFF\xFF\xFF\xFF" + "10.0.0.9"
	want, _ := spooky.Hash128([]byte(fields), 19, 3)
	if diff := cmp.Diff(want, row.Key()); diff != "" {
		t.Errorf("Key (-want +got):\n%s", diff)
	}
}

// drawQuery draws from pieces that matter to the scan.
func drawQuery(t *rapid.T) string {
	piece := rapid.SampledFrom([]string{
		" ", " ", ",", "(", ")", "?", "-", "+", "*", "/", "a", "b1", "1", "2.5", "1e-5", "0x1F", "12ab", "NULL", "null",
		"'x'", `"y\""`, "'", "`", "\\", "/*", "*/", "/*!40101 ", "--", "-- ", "#", "\n", ";", "...", "(?,?,?,...)", "=", "\x00", "\xe9",
	})
	return strings.Join(rapid.SliceOfN(piece, 0, 60).Draw(t, "query"), "")
}

func drawOptions(t *rapid.T) digest.Options {
	return digest.Options{
		Lowercase: rapid.Bool().Draw(t, "lowercase"), ReplaceNull: rapid.Bool().Draw(t, "replaceNull"),
		NoDigits: rapid.Bool().Draw(t, "noDigits"), KeepComment: rapid.Bool().Draw(t, "keepComment"),
		GroupingLimit: rapid.IntRange(1, 5).Draw(t, "groupingLimit"), GroupsGroupingLimit: rapid.IntRange(0, 4).Draw(t, "groupsGroupingLimit"),
		MaxQueryLength: rapid.SampledFrom([]int{16, 64, 65000}).Draw(t, "maxQueryLength"), MaxDigestLength: rapid.SampledFrom([]int{16, 2048}).Draw(t, "maxDigestLength"),
	}
}

func TestReuseMakesNoDifference(t *testing.T) {
	var used digest.Digester
	var buf []byte
	rapid.Check(t, func(t *rapid.T) {
		query, o := drawQuery(t), drawOptions(t)
		var comment, wantComment []byte
		buf, comment = used.Append(buf[:0], []byte(query), &o)
		want, wantComment := new(digest.Digester).Append(nil, []byte(query), &o)
		if !bytes.Equal(buf, want) || !bytes.Equal(comment, wantComment) {
			t.Fatalf("query %q: used digester says %q, %q; new one %q, %q", query, buf, comment, want, wantComment)
		}
		if most := min(len(query), o.MaxQueryLength, o.MaxDigestLength); len(want) > most {
			t.Fatalf("query %q: text %q is longer than %d bytes", query, want, most)
		}
	})
}

// Values of literals must never reach the text, whatever stands around them.
func TestLiteralsDoNotLeak(t *testing.T) {
	o := digest.DefaultOptions()
	rapid.Check(t, func(t *rapid.T) {
		before := rapid.StringMatching(`[a-z_]{1,8}[ =<>(,]{1,3}`).Draw(t, "before")
		secret := rapid.StringMatching(`[A-Z]{8,20}`).Draw(t, "secret")
		escaped := rapid.SampledFrom([]string{``, `\'`, `''`, `\\`, `"`, `/*`, `-- `}).Draw(t, "escaped")
		if got := text("select "+before+"'"+secret+escaped+secret+"' from t", o); strings.Contains(got, secret) {
			t.Fatalf("secret %q shows in %q", secret, got)
		}
	})
}

// Statements that differ only in values and white space are one digest.
func TestValuesDoNotMatter(t *testing.T) {
	o := digest.DefaultOptions()
	value := rapid.OneOf(
		rapid.StringMatching(`-?[0-9]{1,6}(\.[0-9]{1,3})?`),
		rapid.StringMatching(`'[a-zA-Z0-9 ,()?*-]{0,12}'`),
		rapid.StringMatching(`0x[0-9a-fA-F]{1,8}`),
	)
	blank := rapid.SampledFrom([]string{" ", "  ", "\n", "\t", " /* c */ ", "\r\n"})
	rapid.Check(t, func(t *rapid.T) {
		query := "SELECT" + blank.Draw(t, "b1") + "a FROM t1" + blank.Draw(t, "b2") + "WHERE b =" + blank.Draw(t, "b3") + value.Draw(t, "v1") +
			blank.Draw(t, "b4") + "AND c IN (" + value.Draw(t, "v2") + "," + blank.Draw(t, "b5") + value.Draw(t, "v3") + ")"
		if diff := cmp.Diff("SELECT a FROM t1 WHERE b = ? AND c IN (?,?)", text(query, o)); diff != "" {
			t.Fatalf("query %q (-want +got):\n%s", query, diff)
		}
	})
}
