package confparse_test

import (
	"strings"
	"testing"
	"time"

	"github.com/keepsql/keepsql/confparse"
)

// TestHostile parses long repetitions. What takes more than linear time for one of them would
// take minutes instead of milliseconds.
func TestHostile(t *testing.T) {
	const size = 128 << 10
	start := time.Now()
	for _, piece := range []string{
		"a=\n", "a=1 ", "a=1 /*\n", "a /*\n", "a #\n", "a\n=\n", "a=\"\" ", "a=\"\\\"\n", "a=08\n", "a=;",
		"\"", "(", "a=(", "a=(1,", "a = {x\n y", "a = (@\n", "a = [ \"\" \"\" ", "/**/", "//\n", "    ", "\t\n",
		"${", "$", "$x$", "${x", "$A ", "${A} ", "$A=", "$X= \\\n", "$_RANDOM ", "~SEQ(", "~LST({", "@x ", "@include \"",
		"{", "}", "a{}", "a { b }\n", "'\"", "\"a\" ", "\\",
	} {
		text := strings.Repeat(piece, size/len(piece))
		for _, before := range []string{"", "$A=x\na ", "a = ( @ "} {
			confparse.Parse(files("c", before+text), "c")
		}
		_, _ = confparse.SplitCommand(text) // an error is as good as words
	}
	if took := time.Since(start); took > 30*time.Second {
		t.Errorf("took %v", took)
	}
}
