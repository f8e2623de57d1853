package sqliteserver_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/keepsql/keepsql/engine/internal/sqlitetest"
	"github.com/keepsql/keepsql/engine/wire"
	"github.com/keepsql/keepsql/internal/leaktest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// accounts of all tests: clear, native hash of "hashed", none.
var accounts = map[string]string{
	"app":    "app_pass",
	"native": "*89DF8EEC9A524A8C112D91F8759ABBCF85DC14E6",
	"open":   "",
}

const patience = 20 * time.Second

func dial(t *testing.T, addr string, acc wire.Account) *wire.Client {
	t.Helper()
	c, err := wire.Open(t.Context(), "tcp", addr, &acc, patience)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Quit() })
	return c
}

func start(t *testing.T) (addr string, c *wire.Client) {
	t.Helper()
	addr = sqlitetest.Start(t, accounts)
	return addr, dial(t, addr, wire.Account{User: "app", Password: "app_pass"})
}

// run gives the answer to a statement in short: "a,b | 1,NULL | 2,x", "ok affected=1 id=7", or the error. The flags of a
// transaction and of autocommit=0 follow.
func run(c *wire.Client, sql string) string {
	r, err := c.Query(context.Background(), sql)
	if err != nil {
		var e *wire.Error
		if !errors.As(err, &e) {
			return err.Error()
		}
		return fmt.Sprintf("%d %s %s", e.Code, e.State, e.Message)
	}
	flags := ""
	if r.Status&wire.StatusInTrans != 0 {
		flags += " [trans]"
	}
	if r.Status&wire.StatusAutocommit == 0 {
		flags += " [manual]"
	}
	if r.Columns == nil {
		out := "ok"
		if r.AffectedRows > 0 {
			out += fmt.Sprintf(" affected=%d", r.AffectedRows)
		}
		if r.LastInsertID > 0 {
			out += fmt.Sprintf(" id=%d", r.LastInsertID)
		}
		return out + flags
	}
	var lines, names []string
	for _, c := range r.Columns {
		names = append(names, c.Name)
	}
	lines = append(lines, strings.Join(names, ","))
	for _, row := range r.Rows {
		var cells []string
		for _, v := range row {
			if v.Null {
				v.Text = "NULL"
			}
			cells = append(cells, v.Text)
		}
		lines = append(lines, strings.Join(cells, ","))
	}
	return strings.Join(lines, " | ") + flags
}

// script checks statements and their answers in turn.
func script(t *testing.T, c *wire.Client, steps ...string) {
	t.Helper()
	for i := 0; i+1 < len(steps); i += 2 {
		if got := run(c, steps[i]); got != steps[i+1] {
			t.Errorf("%s\n got  %s\n want %s", steps[i], got, steps[i+1])
		}
	}
}
