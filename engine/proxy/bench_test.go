package proxy_test

import (
	"context"
	"testing"
	"time"

	"github.com/keepsql/keepsql/engine/wire"
)

// BenchmarkPointSelect compares a point select straight to the server with one through the proxy, in one run.
func BenchmarkPointSelect(b *testing.B) {
	n := start(b, "", "")
	exec(b, n.open(1), "CREATE OR REPLACE TABLE sbtest1 (id INT PRIMARY KEY, c CHAR(120))", "INSERT INTO sbtest1 VALUES (50042, REPEAT('x', 119))")
	payload := []byte("\x03SELECT c FROM sbtest1 WHERE id=50042")
	for _, target := range []struct{ name, network, addr string }{
		{"direct", "tcp", writer.Addr}, {"proxy", "tcp", n.tcp()},
	} {
		b.Run(target.name, func(b *testing.B) {
			benchmark(b, target.network, target.addr, payload)
		})
	}
}

func benchmark(b *testing.B, network, addr string, payload []byte) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	b.ReportAllocs()
	b.SetParallelism(8)
	b.RunParallel(func(pb *testing.PB) {
		c, _, err := wire.Dial(ctx, network, addr, &wire.Account{User: "app", Password: "app_pass", Database: "d"})
		if err != nil {
			b.Error(err)
			return
		}
		defer c.Kill()
		client := statementClient{c: c}
		for pb.Next() {
			if err := client.query(payload); err != nil {
				b.Error(err)
				return
			}
		}
	})
}
