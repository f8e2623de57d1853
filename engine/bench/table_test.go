package bench_test

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/keepsql/keepsql/engine/bench"
	"github.com/keepsql/keepsql/engine/internal/binary"
	"github.com/keepsql/keepsql/engine/internal/mariadbtest"
)

// proxysqlShare is the part of the direct throughput that ProxySQL 2.7.1 reached with point selects, in per cent.
const proxysqlShare = 56

// busyRow is a row whose figure is CPU time per statement.
type busyRow struct {
	name  string
	work  workload
	limit float64 // × HAProxy
	share bool    // throughput matters, too
}

var busyRows = []busyRow{
	{"point select, text, 16 threads", pointSelect, 1.15, true},
	{"point select, text, 64 threads", pointSelect.with(64), 1.15, true},
	{"point select, prepared, 16 threads", pointSelect.prepared(), 1.15, false},
	{"point select, prepared, 64 threads", pointSelect.prepared().with(64), 1.15, false},
	{"read-only, 16 threads", workload{script: "oltp_read_only", ps: "disable", threads: 16}, 1.15, false},
	{"read-write, 16 threads", workload{script: "oltp_read_write", ps: "disable", threads: 16}, 1.15, false},
	{"10 000 rows, 16 threads", workload{script: "testdata/rows.lua", ps: "disable", threads: 16}, 1.2, false},
	{"connect, query, quit, 16 threads", workload{script: "testdata/connect.lua", ps: "disable", threads: 16}, 1, false},
}

func (w workload) with(threads int) workload { w.threads = threads; return w }

func (w workload) prepared() workload { w.ps = "auto"; return w }

// plan is what to measure.
type plan struct {
	repetitions int
	seconds     int            // of one run of sysbench
	tableSize   int            // rows
	clients     int            // idle ones
	settle      time.Duration  // how long a proxy may take to put its memory in order before that is looked at
	alone       bool           // idle clients of keepsql only
	only        *regexp.Regexp // names of rows; "idle" and "rules" stand for theirs
}

// measurement is one measurement of everything in a plan.
type measurement struct {
	plan
	bin    string
	server *mariadbtest.Server
	rows   []*bench.Row
}

func TestTable(t *testing.T) {
	if os.Getenv("KEEPSQL_BENCH") == "" {
		t.Skip("skipped, takes minutes: make bench")
	}
	only, err := regexp.Compile(os.Getenv("KEEPSQL_BENCH_ROWS"))
	if err != nil {
		t.Fatalf("KEEPSQL_BENCH_ROWS: %v", err)
	}
	m := begin(t, plan{
		repetitions: number(t, "KEEPSQL_BENCH_REPS", 3), seconds: number(t, "KEEPSQL_BENCH_SECONDS", 4),
		tableSize: 100_000, clients: 5000, settle: 5 * time.Second, only: only,
	})
	m.all(t)
	t.Logf("median (minimum)\n%s", m.table(t))
}

// TestShort keeps what `make bench` measures from getting much worse unseen. Its limits leave room for a busy machine: three
// times the goal for times, one and a half for memory.
func TestShort(t *testing.T) {
	if testing.Short() {
		t.Skip("skipped, takes half a minute")
	}
	m := begin(t, plan{
		repetitions: 1, seconds: 1, tableSize: 10_000, clients: 1000, settle: 2 * time.Second, alone: true,
		only: regexp.MustCompile("text, 16|prepared, 16|read-write|idle"),
	})
	var missed map[string]string
	for try := range 4 { // neighbours cost, too: of each row the best of some tries counts
		m.rows = nil
		m.all(t)
		t.Logf("\n%s", m.table(t))
		now := m.missed()
		if try > 0 {
			maps.DeleteFunc(now, func(name, _ string) bool { return missed[name] == "" })
		}
		if missed = now; len(missed) == 0 {
			return
		}
	}
	for _, failure := range missed {
		t.Error(failure)
	}
}

// missed tells by row which goals are missed by far.
func (m *measurement) missed() map[string]string {
	failures := map[string]string{}
	for _, r := range m.rows {
		figure, _, ok := r.Reached()
		if r.Goal.Kind == bench.Above { // throughput depends on who else is there
			continue
		}
		room := 3.0
		if r.Unit == "KB" {
			room = 1.5
		}
		if ok && figure > room*r.Goal.Limit {
			failures[r.Name] = fmt.Sprintf("%s: %.2f, the goal is %g", r.Name, figure, r.Goal.Limit)
		}
	}
	return failures
}

func (m *measurement) table(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	if err := bench.Write(&b, m.rows); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func number(t *testing.T, name string, def int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return def
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("%s=%q is no positive number", name, text)
	}
	return n
}

// begin starts the server and fills its tables.
func begin(t *testing.T, p plan) *measurement {
	t.Helper()
	if _, err := exec.LookPath("sysbench"); err != nil {
		t.Skip("skipped, needs sysbench (apt install sysbench)")
	}
	s := mariadbtest.Start(t, mariadbtest.Opts{
		Args: []string{"--max-connections=" + strconv.Itoa(maxClients), "--max-prepared-stmt-count=100000",
			"--innodb-buffer-pool-size=256M", "--thread-cache-size=256", "--back-log=4096"},
		SQL: []string{"CREATE DATABASE sb", "CREATE USER sb@'%' IDENTIFIED BY 'sb'", "GRANT ALL ON sb.* TO sb@'%'"},
	})
	m := &measurement{plan: p, bin: binary.Path(t), server: s}
	m.sysbench(t, s.Port, "oltp_read_write", "--threads=2", "prepare")
	return m
}

// row finds or makes a row.
func (m *measurement) row(name, unit string, goal bench.Goal) *bench.Row {
	i := slices.IndexFunc(m.rows, func(r *bench.Row) bool { return r.Name == name })
	if i < 0 {
		i = len(m.rows)
		m.rows = append(m.rows, &bench.Row{Name: name, Unit: unit, Goal: goal})
	}
	return m.rows[i]
}

func (m *measurement) all(t *testing.T) {
	t.Helper()
	start := starters(t, m.bin)
	targets := []target{{bench.Direct, m.server.Port, 0}}
	for _, s := range start {
		targets = append(targets, s(t, m.server.Port))
	}
	own, many := targets[len(targets)-1], keepsql(t, m.bin, m.server.Port, manyRules(300))
	for rep := range m.repetitions {
		m.busy(t, targets)
		m.manyRules(t, own, many)
		m.idle(t, start, rep)
		slices.Reverse(targets)
	}
}

// busy is one repetition of the rows about cost per statement.
func (m *measurement) busy(t *testing.T, targets []target) {
	t.Helper()
	for _, b := range busyRows {
		if !m.only.MatchString(b.name) {
			continue
		}
		cost, rates := m.row(b.name, "µs", bench.Goal{Limit: b.limit}), map[bench.Target]float64{}
		for _, c := range targets {
			var us float64
			if us, rates[c.name] = m.measure(t, c, b.work); c.pid != 0 {
				cost.Add(c.name, us)
			}
		}
		if b.share {
			row := m.row(b.name+": throughput", "% of direct", bench.Goal{Limit: proxysqlShare, Kind: bench.Above})
			for name, rate := range rates {
				row.Add(name, rate/rates[bench.Direct]*100)
			}
		}
		t.Log(cost)
	}
}

// manyRules compares keepsql with itself under many rules.
func (m *measurement) manyRules(t *testing.T, few, many target) {
	t.Helper()
	if !m.only.MatchString("rules") {
		return
	}
	row := m.row("300 regex rules, the last one matches: added", "µs", bench.Goal{Limit: 3, Kind: bench.AtMost})
	base, _ := m.measure(t, few, pointSelect)
	cost, _ := m.measure(t, many, pointSelect)
	row.Add(bench.Keepsql, cost-base)
}
