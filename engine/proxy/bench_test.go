package proxy_test

import (
	"context"
	"syscall"
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

// BenchmarkLargeResult relays 10 000 rows of 120 bytes. cpu-µs is of proxy and client together, without the server.
func BenchmarkLargeResult(b *testing.B) {
	n := start(b, "", "")
	c := n.dial(0)
	c.SetDeadline(time.Time{})
	var before, after syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &before)
	for b.Loop() {
		if err := c.WriteCommand(wire.ComQuery, "SELECT seq, REPEAT('x', 119) FROM seq_1_to_10000"); err != nil {
			b.Fatal(err)
		}
		var a wire.Answer
		a.Reset(wire.ComQuery, 0)
		for done := false; !done; {
			chunk, err := c.ReadChunk()
			if err != nil {
				b.Fatal(err)
			}
			if _, done, err = a.Feed(chunk); err != nil {
				b.Fatal(err)
			}
		}
		if a.Rows != 10_000 {
			b.Fatalf("%d rows", a.Rows)
		}
	}
	syscall.Getrusage(syscall.RUSAGE_SELF, &after)
	cpu := after.Utime.Nano() + after.Stime.Nano() - before.Utime.Nano() - before.Stime.Nano()
	b.ReportMetric(float64(cpu)/float64(b.N)/1000, "cpu-µs/op")
}
