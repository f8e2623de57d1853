package sqliteserver_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/keepsql/keepsql/engine/internal/sqlitetest"
	"github.com/keepsql/keepsql/engine/wire"
)

// FuzzStatement checks that every text is answered, and the session goes on.
func FuzzStatement(f *testing.F) {
	for _, sql := range []string{
		"SELECT @@a, @@version AS v, @x FROM t WHERE a LIKE 'x' FOR UPDATE; BEGIN; ROLLBACK",
		"@@version", "SET", "SET @x := @@autocommit + 1, NAMES 'x' COLLATE y, SESSION a = (1, 2)",
		"SHOW FULL TABLES FROM x LIKE 'y'", "SHOW COLUMNS FROM t", "SHOW CREATE TABLE t", "SHOW VARIABLES WHERE Value = ''",
		"SET autocommit = 0; SELECT * FROM sqlite_schema; COMMIT WORK", "USE `a``b`", "DESC t", "START TRANSACTION READ ONLY",
	} {
		f.Add(sql)
	}
	addr := sqlitetest.Start(f, accounts)
	f.Fuzz(func(t *testing.T, sql string) {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		c, err := wire.Open(ctx, "tcp", addr, &wire.Account{User: "open", Capabilities: wire.CapMultiStatements}, 10*time.Second)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		_, err = c.Query(ctx, sql)
		if _, answered := errors.AsType[*wire.Error](err); err != nil && !answered {
			t.Fatalf("%q: %v", sql, err)
		}
		if err := c.Ping(ctx); err != nil {
			t.Fatalf("ping after %q: %v", sql, err)
		}
	})
}
