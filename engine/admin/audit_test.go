package admin_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rs/zerolog"

	"github.com/keepsql/keepsql/engine/admin"
	"github.com/keepsql/keepsql/engine/eventlog"
	"github.com/keepsql/keepsql/engine/wire"
)

func TestAudit(t *testing.T) {
	base := filepath.Join(t.TempDir(), "audit")
	log := eventlog.New(eventlog.Options{Log: zerolog.Nop()})
	log.Configure(base, 1<<20, eventlog.JSON)
	ctx, cancel := context.WithCancel(context.Background())
	var writer sync.WaitGroup
	writer.Go(func() { log.Run(ctx) })
	n := start(t, setup{options: func(o *admin.Options) { o.Audit = log }})
	n.admin().command(wire.ComQuit, "")
	if _, _, err := wire.Dial(t.Context(), "tcp", n.Addrs()[0].String(), &wire.Account{User: "admin", Password: "wrong"}); err == nil {
		t.Error("logged in with a wrong password")
	}
	var got []string
	eventually(t, "five records", func() bool {
		log.Flush()
		got = auditRecords(t, base)
		return len(got) >= 5
	})
	cancel()
	writer.Wait()
	slices.Sort(got) // records of different clients are in no order
	want := []string{"Admin_Close admin ", "Admin_Close admin main", "Admin_Connect_ERR admin ", "Admin_Connect_OK admin main", "Admin_Quit admin main"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func auditRecords(t *testing.T, base string) (out []string) {
	names, err := filepath.Glob(base + ".*")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(b)) {
			var r struct{ Event, Username, Schemaname string }
			if err := json.Unmarshal([]byte(line), &r); err != nil {
				t.Fatal(err)
			}
			out = append(out, r.Event+" "+r.Username+" "+r.Schemaname)
		}
	}
	return out
}
