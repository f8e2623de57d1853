package digest_test

import (
	"bufio"
	"encoding/json"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/keepsql/keepsql/engine/digest"
)

// TestGoldenClasses runs the statements whose class was observed on ProxySQL 2.7.1.
func TestGoldenClasses(t *testing.T) {
	f, err := os.Open("testdata/command_class.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var d digest.Digester
	o := digest.DefaultOptions()
	seen := 0
	for lines := bufio.NewScanner(f); lines.Scan(); seen++ {
		var v struct {
			Query string `json:"q"`
			Class any    `json:"cls"` // a list for the one statement that is never counted
		}
		if err := json.Unmarshal(lines.Bytes(), &v); err != nil {
			t.Fatalf("read statement %d: %v", seen, err)
		}
		want, counted := v.Class.(string)
		if !counted {
			want = "UNKNOWN"
		}
		text, _ := d.Append(nil, []byte(v.Query), &o)
		if diff := cmp.Diff(want, digest.Class(text).String()); diff != "" {
			t.Errorf("class of %q (-want +got):\n%s", v.Query, diff)
		}
	}
	if seen != 199 {
		t.Errorf("read statements: got %d, want 199", seen)
	}
}

func TestClassNames(t *testing.T) {
	names := make(map[string]bool)
	for c := range digest.NumCommands {
		names[digest.CommandClass(c).String()] = true
	}
	if len(names) != digest.NumCommands || names[""] {
		t.Errorf("names of classes: got %d different ones, want %d, none empty", len(names), digest.NumCommands)
	}
	if diff := cmp.Diff("UNKNOWN", digest.CommandClass(200).String()); diff != "" {
		t.Errorf("name of a class that does not exist (-want +got):\n%s", diff)
	}
}
