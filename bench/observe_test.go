package main

import "testing"

// BenchmarkObserved is for profiles of a backlog drained under observation.
func BenchmarkObserved(b *testing.B) {
	v, err := underObservation(b.Context(), b.TempDir(), true, func(bd *bed) (speed, error) {
		return drain(b.Context(), bd, nil, (b.N+999)/1000*1000, func() error { b.ResetTimer(); return nil })
	})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(v.rate, "exec/s")
	b.ReportMetric(v.cpu, "cpu-µs/exec")
}

// BenchmarkCreated is for profiles of audited changes.
func BenchmarkCreated(b *testing.B) {
	bd, err := openAlone(b.Context(), b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	v, err := created(b.Context(), bd, b.N, true)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(v.rate, "jobs/s")
	b.ReportMetric(v.cpu, "cpu-µs/job")
}
