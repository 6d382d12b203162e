package main

import (
	"flag"
	"os"
	"testing"
)

func init() {
	flag.BoolVar(&statements, "statements", false, "show which statements took the time of PostgreSQL")
}

// benchShared is for profiles, of our side and, with -statements, of the server:
//
//	go test -run '^$' -bench DrainShared -benchtime 60000x -cpuprofile drain.prof -args -statements
func benchShared(b *testing.B, fn func(sv *servers, n int) (speed, error)) {
	b.Helper()
	dir, err := publicFolder("", "b") // a short path, for sockets
	if err != nil {
		b.Fatal(err)
	}
	defer os.RemoveAll(dir)
	_, err = withServers(dir, func(sv *servers) ([]Figure, error) {
		v, err := fn(sv, max(b.N/firing, 1)*firing)
		b.ReportMetric(v.rate, "executions/s")
		b.ReportMetric(v.cpu, "go-µs")
		b.ReportMetric(v.pg, "pg-µs")
		b.ReportMetric(v.redis, "redis-µs")
		return nil, err
	})
	if err != nil {
		b.Fatal(err)
	}
}

func BenchmarkFireShared(b *testing.B) {
	benchShared(b, func(sv *servers, n int) (speed, error) { return fireShared(b.Context(), sv, n) })
}

func BenchmarkDrainShared(b *testing.B) {
	benchShared(b, func(sv *servers, n int) (speed, error) { return drainShared(b.Context(), sv, n) })
}

func BenchmarkDueShared(b *testing.B) {
	benchShared(b, func(sv *servers, n int) (speed, error) {
		p, err := runDue(b.Context(), sv, timetable{jobs: n})
		return p.speed, err
	})
}
