package tracing

import (
	"crypto/rand"
	"encoding/hex"
	"testing"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/agentic-sdlc/scheduler/job"
)

// TestSampled: which traces are sent is what the sampler by ratio of OpenTelemetry says, so
// that several programs send the same ones.
func TestSampled(t *testing.T) {
	t.Parallel()
	for _, ratio := range []float64{-1, 0, 1e-9, 0.01, 0.5, 0.999, 1, 2} {
		var tr Tracer
		tr.Sample(ratio)
		theirs := sdktrace.TraceIDRatioBased(ratio)
		sent := 0
		for range 2000 {
			var id trace.TraceID
			_, _ = rand.Read(id[:]) // never fails
			want := theirs.ShouldSample(sdktrace.SamplingParameters{TraceID: id}).Decision
			if got := tr.ShouldSample(sdktrace.SamplingParameters{TraceID: id}).Decision; got != want {
				t.Fatalf("ratio %g, trace %s: decision %d, want %d", ratio, id, got, want)
			}
			is := want == sdktrace.RecordAndSample
			if tr.Sampled(hex.EncodeToString(id[:]), job.ID{}) != is || tr.Sampled("", job.ID(id)) != is {
				t.Fatalf("ratio %g, trace %s: Sampled is %t, want %t", ratio, id, !is, is)
			}
			if is {
				sent++
			}
		}
		if ratio == 0.5 && (sent < 800 || sent > 1200) {
			t.Errorf("%d of 2000 are sent, want half", sent)
		}
	}
	var all Tracer
	all.Sample(1)
	if all.Sampled("no trace", job.ID{}) {
		t.Error("what is no trace is sent")
	}
}
