// Package binary gives tests the keepsql program to run: the one named by the environment variable KEEPSQL_BIN, or one
// built of the tree the test belongs to.
package binary

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Path returns the program. Building takes some seconds, so a test binary asks once.
func Path(t testing.TB) string {
	t.Helper()
	if p := os.Getenv("KEEPSQL_BIN"); p != "" {
		if _, err := os.Stat(p); err != nil {
			t.Fatalf("KEEPSQL_BIN: %v", err)
		}
		return p
	}
	p := filepath.Join(t.TempDir(), "keepsql")
	if err := build(p); err != nil {
		t.Fatal(err)
	}
	return p
}

func build(to string) error {
	mod, err := exec.Command("go", "env", "GOMOD").Output()
	if err != nil {
		return fmt.Errorf("find go.mod: %w", err)
	}
	cmd := exec.Command("go", "build", "-trimpath", "-o", to, ".")
	cmd.Dir = filepath.Dir(strings.TrimSpace(string(mod)))
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build keepsql: %w\n%s", err, out)
	}
	return nil
}
