package lab_test

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// mysql runs the mysql client on a host and gives its output: rows as lines, columns between tabs, no names.
func (n *network) mysql(host, statement string, account ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	args := append(n.inside(host), "mysql", "--no-defaults", "-N", "-B")
	args = append(args, account...)
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Stdin = strings.NewReader(statement)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("mysql on %s: %s: %w: %s", host, statement, err, strings.TrimSpace(errs.String()))
	}
	return strings.TrimRight(out.String(), "\n"), nil
}

// tryAdmin runs a statement on the node's admin interface, as the walkthrough does.
func (n *node) tryAdmin(statement string) (string, error) {
	return n.mysql(n.host, statement, "-uadmin", "-padmin", "-h127.0.0.1", "-P6032")
}

func (n *node) admin(t *testing.T, statement string) string {
	t.Helper()
	out, err := n.tryAdmin(statement)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// app runs a statement as the application does: from the client, through the virtual IP.
func (n *network) app(t *testing.T, statement string) string {
	t.Helper()
	out, err := n.tryApp(statement)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func (n *network) tryApp(statement string) (string, error) {
	return n.mysql("client", statement, "-uapp", "-papp_pass", "-h"+vip, "-P6033", "--connect-timeout=2")
}

// checksum is a row of runtime_checksums_values.
type checksum struct{ version, epoch, checksum string }

// checksums reads those of the named modules.
func (n *node) checksums(t *testing.T, modules ...string) map[string]checksum {
	t.Helper()
	out := n.admin(t, "SELECT name, version, epoch, checksum FROM runtime_checksums_values WHERE name IN ('"+strings.Join(modules, "','")+"')")
	sums := map[string]checksum{}
	for line := range strings.SplitSeq(out, "\n") {
		if f := strings.Split(line, "\t"); len(f) == 4 {
			sums[f[0]] = checksum{f[1], f[2], f[3]}
		}
	}
	if len(sums) != len(modules) {
		t.Fatalf("checksums of %v on %s: %q", modules, n.host, out)
	}
	return sums
}
