package demo

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/keepsql/keepsql/engine/wire"
)

// patience bounds every wait of the demonstration.
const patience = 20 * time.Second

// story is the demonstration while it is told.
type story struct {
	out  io.Writer
	o    Options
	file string
	node *node
}

// tell runs all of it.
func (s *story) tell(ctx context.Context) error {
	admin, err := s.connect(ctx, s.o.AdminPort, "admin", "admin")
	if err != nil {
		return err
	}
	defer admin.Quit()
	app, err := s.connect(ctx, s.o.ProxyPort, "app", "app_pass")
	if err != nil {
		return err
	}
	defer app.Quit()
	if err := s.statements(ctx, app); err != nil {
		return err
	}
	if err := s.edit(ctx, admin); err != nil {
		return err
	}
	return s.stats(ctx, admin)
}

// connect logs in, once the port answers. The proxy is asked for a row, which shows that its backend answers too.
func (s *story) connect(ctx context.Context, port int, user, password string) (*wire.Client, error) {
	var c *wire.Client
	err := s.until(ctx, func() (err error) {
		c, err = wire.Open(ctx, "tcp", s.o.address(port), &wire.Account{User: user, Password: password}, patience)
		if err != nil {
			return err
		}
		if _, err = c.Query(ctx, "SELECT 1"); err != nil {
			c.Close()
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("log in as %s on port %d: %w", user, port, err)
	}
	return c, nil
}

// until tries f again and again until it succeeds, the node ends, or patience does.
func (s *story) until(ctx context.Context, f func() error) error {
	limit := time.After(patience)
	for {
		err := f()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-s.node.done:
			return fmt.Errorf("the node ended: %w", err)
		case <-limit:
			return err
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// statements are run through the proxy; the last three go to the writer, the reader, the writer.
func (s *story) statements(ctx context.Context, app *wire.Client) error {
	s.say("Statements through the proxy, as the user app")
	for _, q := range []string{
		"CREATE TABLE fruit (id INTEGER PRIMARY KEY, name TEXT, price INTEGER)",
		"INSERT INTO fruit (name, price) VALUES ('apple', 3), ('pear', 4), ('quince', 9)",
		"BEGIN",
		"UPDATE fruit SET price = price + 1 WHERE name = 'quince'",
		"COMMIT",
		"SELECT name, price FROM fruit WHERE price > 3",
		"SELECT price FROM fruit WHERE id = 1 FOR UPDATE",
	} {
		if err := s.show(ctx, app, "mysql", q); err != nil {
			return err
		}
	}
	return nil
}

// newUser is the line the edit puts into the config file.
const newUser = `{ username="report", password="report_pass", default_hostgroup=20 },`

// edit changes the config file and waits until the node works by it.
func (s *story) edit(ctx context.Context, admin *wire.Client) error {
	s.say("An edit of the config file takes effect at once: a new user")
	before, err := s.version(ctx, admin)
	if err != nil {
		return err
	}
	text, err := os.ReadFile(s.file)
	if err != nil {
		return fmt.Errorf("read configuration: %w", err)
	}
	at := `{ username="app"`
	changed := strings.Replace(string(text), at, newUser+"\n\t"+at, 1)
	if err := os.WriteFile(s.file+".new", []byte(changed), 0o600); err != nil {
		return fmt.Errorf("write configuration: %w", err)
	}
	if err := os.Rename(s.file+".new", s.file); err != nil {
		return fmt.Errorf("replace configuration: %w", err)
	}
	saved := time.Now()
	fmt.Fprintf(s.out, "+ %s\n", newUser)
	err = s.until(ctx, func() error {
		now, err := s.version(ctx, admin)
		if err == nil && now == before {
			err = fmt.Errorf("wait for the edit to take effect: mysql_users is still at version %s", now)
		}
		return err
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(s.out, "in force after %v\n\n", time.Since(saved).Round(time.Millisecond))
	report, err := s.connect(ctx, s.o.ProxyPort, "report", "report_pass")
	if err != nil {
		return err
	}
	defer report.Quit()
	return s.show(ctx, report, "mysql (report)", "SELECT count(*), sum(price) FROM fruit")
}

// version is that of the module mysql_users.
func (s *story) version(ctx context.Context, admin *wire.Client) (string, error) {
	r, err := admin.Query(ctx, "SELECT version FROM runtime_checksums_values WHERE name='mysql_users'")
	if err != nil {
		return "", err
	}
	if len(r.Rows) != 1 {
		return "", fmt.Errorf("read version of mysql_users: %d rows", len(r.Rows))
	}
	return r.Rows[0][0].Text, nil
}

// stats shows tables of the admin interface.
func (s *story) stats(ctx context.Context, admin *wire.Client) error {
	s.say("What the admin interface knows")
	for _, q := range []string{
		"SELECT hostgroup, count_star, username, digest, digest_text FROM stats_mysql_query_digest ORDER BY hostgroup, digest_text, username",
		"SELECT hostgroup, srv_host, srv_port, status, ConnUsed, ConnFree, ConnOK, ConnERR, Queries FROM stats_mysql_connection_pool ORDER BY hostgroup",
		"SELECT name, version, epoch, checksum FROM runtime_checksums_values WHERE version > 0",
	} {
		if err := s.show(ctx, admin, "admin", q); err != nil {
			return err
		}
	}
	return nil
}

// show runs a statement and prints it with its answer.
func (s *story) show(ctx context.Context, c *wire.Client, prompt, q string) error {
	fmt.Fprintf(s.out, "%s> %s;\n", prompt, q)
	r, err := c.Query(ctx, q)
	if err != nil {
		return fmt.Errorf("run %q: %w", q, err)
	}
	if r.Columns == nil {
		fmt.Fprintf(s.out, "OK, %d rows affected\n\n", r.AffectedRows)
		return nil
	}
	printTable(s.out, r)
	fmt.Fprintln(s.out)
	return nil
}

func (s *story) say(headline string) {
	fmt.Fprintf(s.out, "\n%s\n%s\n\n", headline, strings.Repeat("=", len(headline)))
}

// hint tells how to go on by hand.
func (s *story) hint(log string) {
	fmt.Fprintf(s.out, `The node keeps running. Try it:

  mysql -h 127.0.0.1 -P %d -u app -papp_pass             the proxy
  mysql -h 127.0.0.1 -P %d -u admin -padmin              the admin interface
  %s   the configuration: edit it
  %s   the log

Ctrl-C stops it.
`, s.o.ProxyPort, s.o.AdminPort, s.file, log)
}
