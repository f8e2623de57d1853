package charset_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/keepsql/keepsql/conf/charset"
)

func TestLookup(t *testing.T) {
	want := charset.Collation{ID: 45, Name: "utf8mb4_general_ci", Charset: "utf8mb4"}
	if c, ok := charset.ByID(45); !ok || c != want {
		t.Error(cmp.Diff(want, c))
	}
	if c, ok := charset.ByName("UTF8MB4_general_ci"); !ok || c != want {
		t.Error(cmp.Diff(want, c))
	}
	if c, ok := charset.ByName("utf8_general_ci"); !ok || c.ID != 33 || c.Charset != "utf8mb3" {
		t.Errorf("utf8_general_ci: %+v, %v", c, ok)
	}
	if c, ok := charset.ByID(charset.MySQL8Default); !ok || c.Name != "utf8mb4_0900_ai_ci" {
		t.Errorf("255: %+v, %v", c, ok)
	}
	if _, ok := charset.ByID(0); ok {
		t.Error("collation 0 exists")
	}
	for name, want := range map[string]bool{"utf8": true, "UTF8MB4": true, "latin1": true, "klingon": false, "": false} {
		if got := charset.Exists(name); got != want {
			t.Errorf("Exists(%q) = %v", name, got)
		}
	}
}
