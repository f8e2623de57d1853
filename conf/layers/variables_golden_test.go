package layers_test

import (
	"errors"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/keepsql/keepsql/conf/schema"
	"github.com/keepsql/keepsql/conf/store"
)

// trial is what a value written to memory becomes in memory and in force after LOAD … VARIABLES TO RUNTIME.
type trial struct{ memory, runtime string }

// wraps are the variables whose upper limit ProxySQL tests after the number has overflowed.
var wraps = map[string]bool{
	"admin-coredump_generation_interval_ms": true, "mysql-data_packets_history_size": true, "mysql-default_max_latency_ms": true,
	"mysql-default_query_timeout": true, "mysql-long_query_time": true, "mysql-max_transaction_idle_time": true,
	"mysql-max_transaction_time": true, "mysql-throttle_max_bytes_per_second_to_client": true, "mysql-wait_timeout": true,
}

// unlike gives the reason where the outcome is not ProxySQL's, else "".
func unlike(name, value string) string {
	v := schema.FindVariable(name)
	_, err := strconv.ParseInt(value, 10, 32)
	switch {
	case v.Kind == schema.Integer && v.Min == 0 && errors.Is(err, strconv.ErrSyntax):
		return "what is no number is refused and not taken for 0"
	case wraps[name] && errors.Is(err, strconv.ErrRange):
		return "a number that is too large is refused and does not wrap around"
	case name == "mysql-handle_unknown_charset" && value == "3":
		return "is no value that means something"
	case name == "mysql-proxy_protocol_networks" && value != "":
		return "what is no network is set right in memory too"
	case name == "mysql-server_capabilities":
		return "what is no number is refused, and bits follow have_ssl and have_compress when they are offered, not when they are set"
	case name == "admin-ssl_keylog_file" && value != "":
		return "is shown as it was set, not with the data directory before it"
	case (name == "admin-cluster_username" || name == "admin-cluster_password") && value == "":
		return "can be emptied"
	}
	return ""
}

// TestVariableTrials replays the values that were tried on a ProxySQL, each on the defaults.
func TestVariableTrials(t *testing.T) {
	text, err := os.ReadFile("testdata/variables.tsv")
	if err != nil {
		t.Fatal(err)
	}
	n := boot(t, "", "")
	trials := 0
	for line := range strings.Lines(string(text)) {
		f := strings.Split(strings.TrimRight(line, "\n"), "\t")
		if len(f) < 7 || f[0] == "variable" || strings.HasPrefix(f[0], "clickhouse-") { // there is no server for ClickHouse
			continue
		}
		for one := range strings.SplitSeq(f[6], "; ") {
			value, outcome, ok := strings.Cut(one, "→")
			if !ok {
				continue
			}
			key := f[0] + "=" + value
			before := n.value(f[0])
			want := outcomeOf(outcome, before)
			n.try(f[0], strings.Trim(value, "'"))
			got := trial{n.memory(f[0]), n.value(f[0])}
			n.try(f[0], before)
			diff := cmp.Diff(want, got, cmp.AllowUnexported(trial{}))
			reason := unlike(f[0], strings.Trim(value, "'"))
			trials++
			switch {
			case diff != "" && reason == "":
				t.Errorf("%s, which is %q: (-ProxySQL +keepsql)\n%s", key, before, diff)
			case diff == "" && reason != "":
				t.Errorf("%s should differ (%s), but does not", key, reason)
			}
		}
	}
	if trials < 1000 {
		t.Errorf("only %d trials", trials)
	}
}

// outcomeOf reads "reverted", or "mem=…,run=…" with a remark in parentheses behind it.
func outcomeOf(text, before string) trial {
	text, _, _ = strings.Cut(text, " (")
	if text == "reverted" {
		return trial{before, before}
	}
	memory, runtime, _ := strings.Cut(strings.TrimPrefix(text, "mem="), ",run=")
	return trial{strings.Trim(memory, "'"), strings.Trim(runtime, "'")}
}

// try writes a value to memory and loads the variables.
func (n *node) try(name, value string) {
	n.t.Helper()
	err := n.stack.Store.Tx(func(tx store.Tx) error {
		return tx.Exec("UPDATE global_variables SET variable_value=? WHERE variable_name=?", schema.Text(value), schema.Text(name))
	})
	if err != nil {
		n.t.Fatal(err)
	}
	if err := n.Load(moduleOf(name), "test"); err != nil {
		n.t.Fatalf("load %s=%q: %v", name, value, err)
	}
}

func moduleOf(variable string) string {
	prefix, _, _ := strings.Cut(variable, "-")
	return prefix + "_variables"
}

func (n *node) memory(name string) string {
	n.t.Helper()
	var rows *schema.Rows
	err := n.stack.Store.Tx(func(tx store.Tx) (err error) {
		rows, err = tx.Query("SELECT variable_value FROM global_variables WHERE variable_name=?", schema.Text(name))
		return err
	})
	if err != nil || len(rows.Rows) != 1 {
		n.t.Fatalf("%s in memory: %v, %v", name, rows, err)
	}
	return rows.Rows[0][0].Text
}

// value is what is in force.
func (n *node) value(name string) string { return n.Variables(moduleOf(name)).String(name) }
