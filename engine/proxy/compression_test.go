package proxy_test

import (
	"database/sql"
	"fmt"
	osexec "os/exec"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"

	"github.com/keepsql/keepsql/engine/wire"
)

func compressedDriver(c *mysql.Config) { _ = c.Apply(mysql.EnableCompression(true)) }

// TestCompression runs clients with and without compression against servers with and without.
func TestCompression(t *testing.T) {
	for _, server := range []int{0, 1} {
		for _, client := range []bool{false, true} {
			t.Run(fmt.Sprintf("client %v server %d", client, server), func(t *testing.T) {
				n := start(t, "", "")
				n.admin("mysql_servers", fmt.Sprintf("UPDATE mysql_servers SET compression=%d", server))
				var edit []func(*mysql.Config)
				if client {
					edit = append(edit, compressedDriver)
				}
				db := n.open(1, append(edit, func(c *mysql.Config) { c.MaxAllowedPacket = 66 << 20; c.InterpolateParams = false })...)
				want := map[int]string{0: "OFF", 1: "ON"}[server]
				if got := one(t, db, "SELECT variable_value FROM information_schema.session_status WHERE variable_name='Compression'"); got != want {
					t.Errorf("compression on the server's side: %s, want %s", got, want)
				}
				everySize(t, db)
			})
		}
	}
}

// everySize sends and receives texts of all interesting sizes, as text and as parameter.
func everySize(t *testing.T, db *sql.DB) {
	t.Helper()
	for _, size := range []int{1, 60, 20000, 1<<24 + 100} {
		text := strings.Repeat("abcdefg ", size/8+1)[:size]
		var length int
		var back string
		if err := db.QueryRow("SELECT LENGTH('"+text+"'), '"+text+"'").Scan(&length, &back); err != nil || length != size || back != text {
			t.Errorf("%d bytes as text: server had %d, %d came back, %v", size, length, len(back), err)
		}
		if err := db.QueryRow("SELECT ?", text).Scan(&back); err != nil || back != text {
			t.Errorf("%d bytes as parameter: %d came back, %v", size, len(back), err)
		}
	}
	exec(t, db, "BEGIN", "DO 1", "ROLLBACK")
	if _, err := db.Exec("SELECT nonsense"); codeOf(err) != 1054 {
		t.Errorf("an error: %v", err)
	}
}

func TestCompressionByTheClients(t *testing.T) {
	n := start(t, "", "")
	if bin, err := osexec.LookPath("mysql"); err == nil {
		out := client(t, bin, "--no-defaults", "--compress", "-h127.0.0.1", "-P"+n.port(), "-uapp", "-papp_pass", "d",
			"-e", "select repeat('x', 100000) as x; status;")
		if !strings.Contains(out, strings.Repeat("x", 100000)) || !strings.Contains(out, "Protocol:\t\tCompressed") {
			t.Errorf("the mysql client says:\n%s", out[max(0, len(out)-2000):])
		}
	}
	c := n.dial(wire.CapCompress | wire.CapMultiStatements | wire.CapMultiResults)
	if !c.Compressed() {
		t.Fatal("compression was not offered")
	}
	if got := ask(t, c, wire.ComQuery, "SELECT 1; SELECT 2", 0); len(got) != 10 {
		t.Errorf("several statements: %q", got)
	}
	n.admin("mysql_variables", "UPDATE global_variables SET variable_value='false' WHERE variable_name='mysql-have_compress'")
	if n.dial(wire.CapCompress).Compressed() {
		t.Error("compression in spite of mysql-have_compress=false")
	}
	if got := ask(t, c, wire.ComPing, "", 0); got[0][0] != 0 {
		t.Errorf("a session that was compressed before: %q", got)
	}
}
