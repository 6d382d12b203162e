package main

import (
	"testing"
	"time"
)

// These are there for profiles:
//
//	go test -run '^$' -bench Fire -benchtime 100000x -cpuprofile fire.prof && go tool pprof -top fire.prof
func BenchmarkFire(b *testing.B) {
	v, err := fireAlone(b.Context(), b.TempDir(), max(b.N/firing, 1)*firing)
	metric(b, v, err)
}

func BenchmarkDrain(b *testing.B) {
	v, err := drainAlone(b.Context(), b.TempDir(), max(b.N/1000, 1)*1000)
	metric(b, v, err)
}

// BenchmarkEvenly triggers 1 000 runs a second.
func BenchmarkEvenly(b *testing.B) {
	const rate = 1000
	l, err := evenlyAlone(b.Context(), b.TempDir(), rate, time.Duration(max(b.N/rate, 1))*time.Second)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(percentile(l.runs, 50), "p50-ms")
	b.ReportMetric(percentile(l.runs, 99), "p99-ms")
}

func metric(b *testing.B, v speed, err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(v.rate, "executions/s")
	b.ReportMetric(v.cpu, "cpu-µs/execution")
}
