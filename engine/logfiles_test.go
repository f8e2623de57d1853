package engine_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// SIGUSR1 to the guardian, and PROXYSQL FLUSH LOGS, begin new log files in the data directory.
func TestLogFilesAreRotated(t *testing.T) {
	tr := plant(t, "")
	tr.query("SET mysql-auditlog_filename='audit'")
	tr.query("LOAD MYSQL VARIABLES TO RUNTIME")
	file := func(n string) func() bool {
		return func() bool {
			_, err := os.Stat(filepath.Join(tr.dir, "audit."+n))
			return err == nil
		}
	}
	written := func(n string) func() bool {
		return func() bool {
			info, err := os.Stat(filepath.Join(tr.dir, "audit."+n))
			return err == nil && info.Size() > 0
		}
	}
	tr.wait("the first file", file("00000001"))
	tr.query("SELECT 1")
	tr.wait("its records", written("00000001"))
	if err := tr.proc.Signal(syscall.SIGUSR1); err != nil {
		t.Fatal(err)
	}
	tr.wait("the file begun by SIGUSR1", file("00000002"))
	tr.query("SELECT 1")
	tr.wait("its records", written("00000002"))
	tr.query("PROXYSQL FLUSH LOGS")
	tr.wait("the file begun by PROXYSQL FLUSH LOGS", file("00000003"))
	tr.query("PROXYSQL FLUSH QUERY CACHE")
}
