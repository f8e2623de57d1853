package hostgroup_test

import (
	"context"
	"testing"
)

// BenchmarkAcquire is the way of a statement that finds a free connection: choice of the server, connection, and back.
func BenchmarkAcquire(b *testing.B) {
	f := manager(b, nil, row{1, server.Port, 1, 100, ""})
	run := func(b *testing.B, parallel bool) {
		b.ReportAllocs()
		if !parallel {
			r := app(1)
			for b.Loop() {
				f.Release(f.acquire(r))
			}
			return
		}
		b.RunParallel(func(pb *testing.PB) {
			r := app(1)
			for pb.Next() {
				c, err := f.Acquire(context.Background(), r)
				if err != nil {
					b.Error(err)
					return
				}
				f.Release(c)
			}
		})
	}
	b.Run("alone", func(b *testing.B) { run(b, false) })
	b.Run("parallel", func(b *testing.B) { run(b, true) })
}
