package vrrp_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keepsql/keepsql/vrrp/internal/netlab"
)

// two is a group of two instances that follow a file and a process.
func two(priority int, dir string) string {
	second := strings.NewReplacer("VI_1", "VI_2", "router_id 51", "router_id 52", "10.99.0.20/24", "10.99.0.22/24").Replace(fast(priority, steady, "track_file {\nmaint\n}"))
	return `
global_defs {
	vrrp_notify_fifo ` + dir + `/fifo
	vrrp_notify_priority_changes on
}
track_file maint {
	file ` + dir + `/maint
	weight 0
}
vrrp_sync_group G1 {
	group {
		VI_1
		VI_2
	}
	notify "` + dir + `/notify.sh"
}
` + fast(priority, steady) + second
}

// TestGroup: a fault of one member takes both to B, with the notifications in order.
func TestGroup(t *testing.T) {
	ha, hb, _ := pair(t)
	da, db := t.TempDir(), t.TempDir()
	for _, d := range []string{da, db} {
		if err := os.WriteFile(filepath.Join(d, "notify.sh"), []byte("#!/bin/sh\necho \"$@\" >>"+d+"/out\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	a, b := speak(t, ha, "alone", two(100, da)), speak(t, hb, "alone", two(90, db))
	both := func(h *netlab.Host) func() bool {
		return func() bool { return h.Has(vip) && h.Has("10.99.0.22") }
	}
	netlab.Eventually(t, "A has both addresses", both(ha))
	fifo, err := os.Open(filepath.Join(da, "fifo"))
	if err != nil {
		t.Fatal(err)
	}
	defer fifo.Close()
	if err := os.WriteFile(filepath.Join(da, "maint"), []byte("1"), 0o644); err != nil {
		t.Fatal(err)
	}
	netlab.Eventually(t, "B has both addresses", func() bool { return both(hb)() && !ha.Has(vip) && !ha.Has("10.99.0.22") })
	if err := os.Remove(filepath.Join(da, "maint")); err != nil {
		t.Fatal(err)
	}
	netlab.Eventually(t, "A has both again", func() bool { return both(ha)() && !hb.Has(vip) && !hb.Has("10.99.0.22") })
	b.stop()
	want := `GROUP "G1" BACKUP 0
INSTANCE "VI_1" BACKUP 100
INSTANCE "VI_2" BACKUP 100
INSTANCE "VI_1" MASTER 100
INSTANCE "VI_2" MASTER 100
GROUP "G1" MASTER 0
INSTANCE "VI_2" FAULT 100
INSTANCE "VI_1" FAULT 100
GROUP "G1" FAULT 0
INSTANCE "VI_2" BACKUP 100
INSTANCE "VI_1" BACKUP 100
GROUP "G1" BACKUP 0
`
	if err := fifo.SetReadDeadline(time.Now().Add(15 * second)); err != nil {
		t.Fatal(err)
	}
	got, read := "", make([]byte, 4096)
	for len(got) < len(want) {
		n, err := fifo.Read(read)
		if got += string(read[:n]); err != nil {
			break
		}
	}
	if !strings.HasPrefix(strings.ReplaceAll(got, "\"VI_2\" MASTER 100\nINSTANCE \"VI_1\" MASTER", "\"VI_1\" MASTER 100\nINSTANCE \"VI_2\" MASTER"), want) {
		t.Errorf("pipe (-want +got):\n%s", cmp.Diff(want, got))
	}
	a.stop()
	out, _ := os.ReadFile(filepath.Join(da, "out"))
	want = "GROUP G1 BACKUP 0\nGROUP G1 MASTER 0\nGROUP G1 FAULT 0\nGROUP G1 BACKUP 0\nGROUP G1 MASTER 0\nGROUP G1 STOP 0\n"
	if diff := cmp.Diff(want, string(out)); diff != "" {
		t.Errorf("notify of the group (-want +got):\n%s", diff)
	}
	if _, err := os.Stat(filepath.Join(da, "fifo")); !os.IsNotExist(err) {
		t.Error("the pipe is still there")
	}
}

// TestTrackProcess: without the process A is in fault; its end is noticed at once.
func TestTrackProcess(t *testing.T) {
	ha, _, _ := pair(t)
	seconds := fmt.Sprint(100000 + os.Getpid()) // processes are looked for on the whole host
	a := speak(t, ha, "alone", "vrrp_track_process tp {\nprocess /bin/sleep "+seconds+"\n}\n"+fast(100, "track_process {\ntp\n}"))
	netlab.Eventually(t, "A is in fault", a.is("FAULT"))
	sleep := ha.Command("/bin/sleep", seconds)
	if err := sleep.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = sleep.Process.Kill() }()
	netlab.Eventually(t, "A is master", a.is("MASTER"))
	start := time.Now()
	_ = sleep.Process.Kill()
	_ = sleep.Wait()
	netlab.Eventually(t, "A drops the address", func() bool { return !ha.Has(vip) })
	t.Logf("end of the process to dropped address: %v", time.Since(start))
	if !a.said("Quorum lost for tracked process tp") {
		t.Error("A does not say why")
	}
}
