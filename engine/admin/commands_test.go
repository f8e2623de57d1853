package admin_test

import (
	"compress/gzip"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keepsql/keepsql/conf/layers/layerstest"
	"github.com/keepsql/keepsql/conf/schema"
	"github.com/keepsql/keepsql/engine/admin"
	"github.com/keepsql/keepsql/engine/stats"
)

// What is saved as a config file can be loaded as one.
func TestSaveConfig(t *testing.T) {
	n := start(t, setup{})
	c := n.admin()
	c.do(`INSERT INTO mysql_users(username,password,comment) VALUES('o''neill','p"w\x','a;b')`)
	c.do(`INSERT INTO mysql_hostgroup_attributes(hostgroup_id,comment) VALUES(3,'x')`)
	c.do(`SET mysql-max_connections=77`)
	file := filepath.Join(n.dir, "saved.cnf")
	c.steps(
		step{"SAVE CONFIG TO FILE " + file, "ok 0 File " + file + " is saved."},
		step{"SAVE CONFIG TO FILE", errorPrefix + errorPrefix + "empty file name"},
		step{"SAVE CONFIG TO FILE /nonexistent/x", errorPrefix + errorPrefix + "Cannot open file /nonexistent/x"},
		step{"SELECT CONFIG INTO OUTFILE /nonexistent/x", errorPrefix + "Cannot open file /nonexistent/x"},
	)
	text := c.text("SELECT CONFIG FILE")
	if got := c.text("SELECT CONFIG INTO OUTFILE '" + file + "2'"); got != "ok "+itoa(uint64(len(text)))+" File "+file+"2 is saved." {
		t.Error(got)
	}
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("%v, %v: want a file for its owner only", info, err)
	}
	f := layerstest.Read(t, file)
	users := f.Tables["mysql_users"].Rows
	if got := users.Get(0, "username").Text + " " + users.Get(0, "password").Text + " " + users.Get(0, "comment").Text; got != `o'neill p"w\x a;b` {
		t.Error(got)
	}
	if f.Tables["mysql_hostgroup_attributes"] == nil {
		t.Error("the file lacks mysql_hostgroup_attributes")
	}
	for _, v := range f.Variables {
		if v.Name == "mysql-max_connections" && v.Value != "77" {
			t.Errorf("mysql-max_connections=%s", v.Value)
		}
	}
	if len(f.Variables) != 211 { // all but admin-version
		t.Errorf("%d variables", len(f.Variables))
	}
	if left, _ := filepath.Glob(filepath.Join(n.dir, ".keepsql-*")); left != nil {
		t.Errorf("left behind: %v", left)
	}
}

// A file that was loaded, saved and loaded again says the same.
func TestSaveConfigRoundTrip(t *testing.T) {
	n := start(t, setup{file: upstreamFile()})
	file := filepath.Join(n.dir, "saved.cnf")
	n.admin().do("SAVE CONFIG TO FILE " + file)
	saved := layerstest.Read(t, file)
	again := start(t, setup{file: saved})
	for _, sql := range []string{"SELECT * FROM mysql_users", "SELECT * FROM global_variables ORDER BY 1", "SELECT GLOBAL_CHECKSUM()"} {
		if diff := cmp.Diff(n.admin().text(sql), again.admin().text(sql)); diff != "" {
			t.Errorf("%s (-saved +loaded): %s", sql, diff)
		}
	}
}

func TestPrometheusMetrics(t *testing.T) {
	n := start(t, setup{memory: true, options: func(o *admin.Options) {
		counters := stats.NewCounters()
		o.Tables = stats.Tables{"stats_mysql_global": func() *schema.Rows { return counters.GlobalRows(stats.Gauges{"Questions": 5}, false) }}
	}})
	for _, c := range []*client{n.admin(), n.stats()} {
		got := c.text("SHOW PROMETHEUS METRICS")
		for _, want := range []string{"proxysql_questions_total 5\n", `version="` + upstreamVersion + `"`} {
			if !strings.Contains(got, want) {
				t.Errorf("no %q in:\n%s", want, got)
			}
		}
	}
}

// PULL VERSION waits for the next load of the servers, or for its time to be over.
func TestPullVersion(t *testing.T) {
	n := start(t, setup{memory: true})
	c := n.admin()
	c.steps(
		step{"PULL VERSION MYSQL SERVERS 0 10", "1"},
		step{"PULL VERSION MYSQL SERVERS 1 0", "1"},
		step{"PULL VERSION MYSQL SERVERS x 1", errorPrefix + `near "PULL": syntax error`},
		step{"PULL VERSION MYSQL SERVERS 1", errorPrefix + `near "PULL": syntax error`},
	)
	began := time.Now()
	if got := c.text("PULL VERSION MYSQL SERVERS 1 1"); got != "1" || time.Since(began) < 900*time.Millisecond {
		t.Errorf("%q after %v, want 1 after a second", got, time.Since(began))
	}
	answer := make(chan string)
	go func() { answer <- c.text("PULL VERSION MYSQL SERVERS 1 60") }()
	time.Sleep(50 * time.Millisecond)
	n.admin().do("LOAD MYSQL SERVERS TO RUNTIME")
	select {
	case got := <-answer:
		if got != "2" {
			t.Errorf("got %q", got)
		}
	case <-time.After(patience):
		t.Error("a load did not end the wait")
	}
}

func TestSaveDigests(t *testing.T) {
	digests := &schema.Rows{Columns: schema.Lookup("stats", "stats_mysql_query_digest").ColumnNames()}
	row := make(schema.Row, len(digests.Columns))
	for i := range row {
		row[i] = schema.Text(itoa(uint64(i)))
	}
	digests.Rows = append(digests.Rows, row)
	n := start(t, setup{memory: true, options: func(o *admin.Options) {
		o.Tables = stats.Tables{"stats_mysql_query_digest_reset": func() *schema.Rows {
			now := *digests
			digests.Rows = nil
			return &now
		}}
	}})
	n.admin().steps(
		step{"SAVE MYSQL DIGEST TO DISK", "ok 0"},
		step{"SELECT dump_time > 1700000000, hostgroup, schemaname, count_star, sum_rows_sent FROM stats_history.history_mysql_query_digest", "1 0 1 6 13"},
		step{"SAVE MYSQL DIGEST TO DISK", "ok 0"},
		step{"SELECT count(*) FROM history_mysql_query_digest", "1"},
	)
}

func TestStopStartRestart(t *testing.T) {
	control := &answers{}
	n := start(t, setup{memory: true, options: func(o *admin.Options) { o.Control = control }})
	c := n.admin()
	c.steps(
		step{"PROXYSQL START", errorPrefix + "ProxySQL already started"},
		step{"PROXYSQL STOP", "ok 0"}, step{"PROXYSQL STOP", "ok 0"},
		step{"PROXYSQL PAUSE", errorPrefix + "ProxySQL MySQL module not running, impossible to pause"},
		step{"PROXYSQL RESUME", errorPrefix + "ProxySQL MySQL module not running, impossible to resume"},
		step{"LOAD MYSQL SERVERS TO RUNTIME", "ok 0"}, // ends upstream
		step{"PROXYSQL START", "ok 0"}, step{"PROXYSQL PAUSE", "ok 0"}, step{"PROXYSQL RESUME", "ok 0"},
	)
	if _, err := c.Query(context.Background(), "PROXYSQL RESTART"); err == nil || !control.restarted.Load() {
		t.Errorf("PROXYSQL RESTART: %v, restarted %v; want a closed connection", err, control.restarted.Load())
	}
}

func TestCoreDumps(t *testing.T) {
	n := start(t, setup{})
	c := n.admin()
	dump := filepath.Join(n.dir, "dump")
	c.do("SET admin-coredump_generation_interval_ms=0")
	c.do("SET admin-coredump_generation_threshold=3")
	c.do("LOAD ADMIN VARIABLES TO RUNTIME")
	c.do("INSERT INTO coredump_filters VALUES('a.cpp', 5)")
	c.steps(
		step{"PROXYSQL COREDUMP " + dump, "ok 0 Coredump: " + dump},
		step{"PROXYSQL COREDUMP " + dump, errorPrefix + "write core dump: open " + dump + ": file exists"},
		step{"PROXYSQL COMPRESSEDCOREDUMP " + dump + ".gz", "ok 0 Coredump: " + dump + ".gz"},
		step{"PROXYSQL COREDUMP " + dump + "2", errorPrefix + "3 core dumps were written, as many as admin-coredump_generation_threshold allows"},
		step{"LOAD COREDUMP TO RUNTIME", "ok 0"}, step{"SELECT * FROM runtime_coredump_filters", "a.cpp 5"},
		step{"LOAD COREDUMP FROM DISK", errorPrefix + `near "LOAD": syntax error`},
	)
	f, err := os.Open(dump + ".gz")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(z)
	if err != nil || !strings.Contains(string(text), "goroutine ") {
		t.Errorf("%v: no goroutines in the dump of %d bytes", err, len(text))
	}
}
