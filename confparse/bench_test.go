package confparse_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/keepsql/keepsql/confparse"
)

// thousand is a file with 1 000 users, 1 000 rules and a VRRP instance.
func thousand() confparse.MapLoader {
	var b strings.Builder
	b.WriteString("mysql_users:\n(\n")
	for i := range 1000 {
		fmt.Fprintf(&b, "\t{ username=\"user%d\", password=\"secret%d\", default_hostgroup=%d, active=1, max_connections=200 },\n", i, i, i%20)
	}
	b.WriteString(")\nmysql_query_rules:\n(\n")
	for i := range 1000 {
		fmt.Fprintf(&b, "\t{\n\t\trule_id=%d\n\t\tactive=1\n\t\tmatch_digest=\"^SELECT .* FROM table%d WHERE\"\n\t\tdestination_hostgroup=%d\n\t\tapply=1\n\t},\n", i, i, i%20)
	}
	b.WriteString(")\nvrrp_instance VI_1 {\n\tstate MASTER\n\tinterface eth0\n\tvirtual_ipaddress {\n\t\t10.0.0.1/24\n\t}\n}\n")
	return files("c", b.String())
}

func BenchmarkParse1000(b *testing.B) {
	m := thousand()
	b.SetBytes(int64(len(m["c"])))
	b.ReportAllocs()
	for b.Loop() {
		if _, ds := confparse.Parse(m, "c"); len(ds) > 0 {
			b.Fatal(ds)
		}
	}
}

// TestParse1000 keeps the cost of a large file in bounds: a reload parses it at each edit.
func TestParse1000(t *testing.T) {
	m := thousand()
	tree, ds := confparse.Parse(m, "c")
	if len(ds) > 0 || len(tree.Settings) != 2 || len(tree.Settings[0].Value.Elems) != 1000 || len(tree.Settings[1].Value.Elems) != 1000 {
		t.Fatalf("%d settings, %v", len(tree.Settings), ds)
	}
	settings := 0
	for _, s := range tree.Settings {
		for _, e := range s.Value.Elems {
			settings += len(e.Group)
		}
	}
	allocs := testing.AllocsPerRun(3, func() { confparse.Parse(m, "c") })
	if per := allocs / float64(settings); per > 5 {
		t.Errorf("%.1f allocations per setting, want 5 at most", per)
	}
}
