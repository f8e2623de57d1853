package cluster_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/keepsql/keepsql/conf/layers"
	"github.com/keepsql/keepsql/conf/layers/layerstest"
	"github.com/keepsql/keepsql/engine/cluster"
	"github.com/keepsql/keepsql/engine/cluster/diffcheck"
	"github.com/keepsql/keepsql/internal/leaktest"
)

const (
	version = "2.7.1-16-g2726c27"
	uuidA   = "11111111-1111-1111-1111-111111111111"
	// patience bounds every wait for something that must happen.
	patience = time.Minute
)

// stack is a node without its admin interface: store, layers, cluster, and what they logged.
type stack struct {
	*layerstest.Stack
	t       *testing.T
	cluster *cluster.Cluster
	log     *journal
	logger  zerolog.Logger
	state   func() (string, <-chan struct{}) // what it tells peers of itself
}

// timing is that of a test: quick where it must happen, never where it must not. What may take as long as patience is not given
// up before, however busy the host is.
func timing() cluster.Timing {
	return cluster.Timing{
		Idle: 10 * time.Millisecond, Version: 50 * time.Millisecond, Reconnect: 10 * time.Millisecond,
		Query: patience, Pull: patience, Retry: diffcheck.Retry{Min: 20 * time.Millisecond, Max: 100 * time.Millisecond},
	}
}

// prepare makes the parts of a node; nothing is loaded before boot.
func prepare(t *testing.T, uuid, itsVersion string, tm cluster.Timing) *stack {
	t.Helper()
	return prepareWith(t, cluster.Options{UUID: uuid, Timing: tm}, layers.Options{Version: itsVersion})
}

// prepareWith fills in what is left out of the options.
func prepareWith(t *testing.T, co cluster.Options, lo layers.Options) *stack {
	t.Helper()
	s := &stack{t: t, log: &journal{}}
	s.logger = zerolog.New(s.log)
	lo.Log = s.logger
	s.Stack = layerstest.Open(t, "", lo)
	co.Log, co.Layers = s.logger, s.Layers
	s.cluster = cluster.New(co)
	return s
}

// boot loads a file of the given text and runs the cluster until the test ends.
func (s *stack) boot(text string) {
	s.t.Helper()
	s.Boot(text)
	s.Run(s.cluster.Run)
}

// table reads a table of the cluster.
func (s *stack) table(name string, columns ...string) string {
	return layerstest.Text(s.cluster.Tables()[name]().Project(columns...))
}

// eventually waits for a condition.
func eventually(t *testing.T, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !done(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("did not happen within %v: %s", patience, what)
		}
	}
}

// logged waits for a line that contains text.
func (s *stack) logged(text string) {
	s.t.Helper()
	end := time.Now().Add(patience)
	for !strings.Contains(s.log.text(), text) {
		if time.Now().After(end) {
			s.t.Fatalf("not logged within %v: %s\n%s", patience, text, s.log.text())
		}
		time.Sleep(2 * time.Millisecond)
	}
}

// journal keeps the log as lines "[INFO] text".
type journal struct {
	mu  sync.Mutex // guards buf
	buf bytes.Buffer
}

func (j *journal) Write(p []byte) (int, error) {
	var e struct{ Level, Message string }
	if err := json.Unmarshal(p, &e); err != nil {
		return 0, err
	}
	level := strings.ToUpper(e.Level)
	if level == "WARN" {
		level = "WARNING"
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	fmt.Fprintf(&j.buf, "[%s] %s\n", level, e.Message)
	return len(p), nil
}

func (j *journal) text() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.buf.String()
}

// since gives the lines after the first n bytes, and how many bytes there are now.
func (j *journal) since(n int) (lines []string, now int) {
	text := j.text()
	return strings.Split(strings.TrimSuffix(text[n:], "\n"), "\n"), len(text)
}

// count tells how often text was logged.
func (j *journal) count(text string) int { return strings.Count(j.text(), text) }

// config is a file with the given members, and admin variables besides the cluster's account.
func config(members []int, variables string) string {
	var rows []string
	for _, port := range members {
		rows = append(rows, fmt.Sprintf(`{hostname="127.0.0.1"; port=%d; comment="n%d"}`, port, port))
	}
	if !strings.Contains(variables, "cluster_password") {
		variables += ` cluster_password="clpw";`
	}
	if !strings.Contains(variables, "cluster_check_interval_ms") {
		variables += ` cluster_check_interval_ms=20;`
	}
	return "proxysql_servers=(" + strings.Join(rows, ",") + ")\n" +
		`admin_variables={admin_credentials="admin:admin;cluster:clpw"; cluster_username="cluster"; ` + variables + "}\n"
}

// configured is the line of a file that pins the version of a node.
func configured(version string) string { return fmt.Sprintf(" version=%q;", version) }

// asUpstream is what a file says of nodes that are to do as ProxySQL does: no long polls, no bootstrapping.
const asUpstream = `keepsql_variables={cluster_push="false"; cluster_bootstrap_from_peer="false"}
`

func itoa(n int) string { return strconv.Itoa(n) }

func TestMain(m *testing.M) { leaktest.Main(m) }
