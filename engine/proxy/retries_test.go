package proxy_test

import (
	"fmt"
	"strings"
	"testing"
)

// A read whose connection is lost is sent again as often as hint, rule or variable say, in this order, and then the client hears
// of it; anything else is not sent again.
func TestRetries(t *testing.T) {
	needServers(t)
	const always = 100
	wires := newSaboteur(t, writer.Addr)
	n := startWith(t, "query_retries_on_failure=1", fmt.Sprintf(`mysql_servers: ( { address="127.0.0.1", port=%d, hostgroup=10 } )`, wires.port))
	db := n.open(1)
	for _, c := range []struct {
		rule, sql string
		lose      int // how many times the statement is to be lost
		sent      int // how many times it was
		code      uint16
	}{
		{"", "SELECT 'lost'", 1, 1, 0},
		{"", "SELECT 'lost'", always, 2, 2013},
		{"retries=0", "SELECT 'lost'", always, 1, 2013},
		{"retries=1", "SELECT 'lost'", always, 2, 2013},
		{"retries=3", "SELECT 'lost'", always, 4, 2013},
		{"retries=3", "SELECT 'lost'", 3, 3, 0},
		{"retries=6", "SELECT 'lost'", always, 7, 2013},
		{"retries=3", "SHOW TABLES LIKE 'lost'", always, 4, 2013},
		{"retries=3", "INSERT INTO t (v) VALUES ('lost')", always, 1, 2013},
		{"retries=3", "SELECT 'lost' FOR UPDATE", always, 1, 2013},
		{"", "SELECT /* query_retries=0 */ 'lost'", always, 1, 2013},
		{"retries=0", "SELECT /* query_retries=2 */ 'lost'", always, 3, 2013},
		{"retries=0", "SELECT /* query_retries=2 */ 'lost'", 2, 2, 0},
		{"retries=3", "INSERT /* query_retries=2 */ INTO t (v) VALUES ('lost')", always, 1, 2013},
	} {
		t.Run(fmt.Sprintf("%s %s %d", c.rule, c.sql, c.lose), func(t *testing.T) {
			if c.rule == "" {
				n.setRules()
			} else {
				n.setRules(c.rule)
			}
			exec(t, db, "DO 1") // so that a connection is there
			left := wires.lose("lost", c.lose)
			_, err := db.Exec(c.sql)
			if sent := c.lose - left(); sent != c.sent || codeOf(err) != c.code {
				t.Errorf("lost %d times, then %v; want %d times, then code %d", sent, err, c.sent, c.code)
			}
			if err != nil && !strings.Contains(err.Error(), fmt.Sprintf("127.0.0.1:%d", wires.port)) {
				t.Errorf("the error does not name the server: %v", err)
			}
			wires.behave()
			if got := one(t, db, "SELECT 'found'"); got != "found" {
				t.Errorf("the session does not go on: %s", got)
			}
		})
	}
}
