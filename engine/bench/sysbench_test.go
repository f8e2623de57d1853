package bench_test

import (
	"fmt"
	"os/exec"
	"regexp"
	"strconv"
	"testing"
	"time"
)

// workload is what sysbench is told to do.
type workload struct {
	script  string // of sysbench, or of testdata
	ps      string // "disable" for text, "auto" for prepared statements
	threads int
}

var pointSelect = workload{script: "oltp_point_select", ps: "disable", threads: 16}

// perStatement is what sysbench reports.
var perStatement = regexp.MustCompile(`queries:\s+(\d+)\s+\(([\d.]+) per sec`)

// measure runs a workload once and gives the proxy's CPU time per statement in µs, and statements per second.
func (m *measurement) measure(t *testing.T, c target, w workload) (cost, rate float64) {
	t.Helper()
	var before time.Duration
	if c.pid != 0 {
		before = cpu(t, c.pid)
	}
	out := m.sysbench(t, c.port, w.script, "--db-ps-mode="+w.ps, fmt.Sprint("--threads=", w.threads),
		fmt.Sprint("--time=", m.seconds), "run")
	found := perStatement.FindSubmatch(out)
	if found == nil {
		t.Fatalf("%s: no number of queries in:\n%s", c.name, out)
	}
	n, _ := strconv.ParseFloat(string(found[1]), 64)
	rate, _ = strconv.ParseFloat(string(found[2]), 64)
	if n == 0 {
		t.Fatalf("%s: sysbench ran no statement:\n%s", c.name, out)
	}
	if c.pid != 0 {
		cost = float64((cpu(t, c.pid) - before).Microseconds()) / n
	}
	return cost, rate
}

func (m *measurement) sysbench(t *testing.T, port int, script string, args ...string) []byte {
	t.Helper()
	args = append([]string{script, "--db-driver=mysql", "--mysql-host=127.0.0.1", fmt.Sprint("--mysql-port=", port),
		"--mysql-user=sb", "--mysql-password=sb", "--mysql-db=sb", "--mysql-ignore-errors=1213,1020,1205",
		"--tables=4", fmt.Sprint("--table-size=", m.tableSize), "--rand-type=uniform"}, args...)
	out, err := exec.CommandContext(t.Context(), "sysbench", args...).CombinedOutput()
	if err != nil {
		t.Fatalf("sysbench %v: %v\n%s", args, err, out)
	}
	return out
}
