package job_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/agentic-sdlc/scheduler/job"
)

// TestHistogram compares percentiles with those of all durations in order.
func TestHistogram(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		exponents := rapid.SliceOfN(rapid.Float64Range(0, 41), 1, 400).Draw(t, "log2 of microseconds")
		took := make([]time.Duration, len(exponents))
		var whole job.Histogram
		var parts [3]job.Histogram
		for i, e := range exponents {
			took[i] = time.Duration(math.Exp2(e)) * time.Microsecond
			whole.Add(took[i])
			parts[i%3].Add(took[i])
		}
		var merged job.Histogram
		for i := range parts {
			merged.Merge(&parts[i])
		}
		if fmt.Sprint(merged) != fmt.Sprint(whole) {
			t.Fatalf("parts add up to %v, want %v", merged, whole)
		}
		slices.Sort(took)
		for _, p := range []float64{0.001, 50, 90, 95, 99, 99.9, 100} {
			rank := int(math.Ceil(p/100*float64(len(took)) - 1e-9))
			want, got := took[max(rank, 1)-1], whole.Percentile(p)
			if apart := (got - want).Abs(); float64(apart) > float64(want)/8+float64(time.Microsecond) {
				t.Fatalf("percentile %v of %v = %v, want about %v", p, took, got, want)
			}
		}
		if whole.Min != took[0] || whole.Max != took[len(took)-1] {
			t.Errorf("Min, Max = %v, %v; want %v, %v", whole.Min, whole.Max, took[0], took[len(took)-1])
		}
	})
}

func TestHistogramOfFew(t *testing.T) {
	t.Parallel()
	var h job.Histogram
	if got := [3]time.Duration{h.Average(), h.Percentile(50), h.Percentile(99)}; got != [3]time.Duration{} {
		t.Errorf("of nothing = %v, want zeros", got)
	}
	h.Add(-time.Second)
	h.Add(3 * time.Second)
	if h.Min != 0 || h.Max != 3*time.Second || h.Average() != 1500*time.Millisecond {
		t.Errorf("Min, Max, Average = %v, %v, %v; want 0s, 3s, 1.5s", h.Min, h.Max, h.Average())
	}
	var hundred job.Histogram
	for i := range 100 {
		hundred.Add(time.Duration(math.Exp2(float64(i)/4)) * time.Millisecond)
	}
	if p99 := hundred.Percentile(99); p99 >= hundred.Max {
		t.Errorf("p99 of a hundred = %v, which is the longest", p99)
	}
}

func TestSuccessRate(t *testing.T) {
	t.Parallel()
	tests := []struct {
		tally job.Tally
		want  float64
	}{
		{job.Tally{}, 0},
		{job.Tally{Cancelled: 3, Skipped: 4}, 0},
		{job.Tally{Success: 3, Failed: 1, Cancelled: 90, Skipped: 90}, 75},
		{job.Tally{Success: 1, Timeout: 1}, 50},
	}
	for _, tt := range tests {
		if got := tt.tally.SuccessRate(); got != tt.want {
			t.Errorf("SuccessRate of %+v = %v, want %v", tt.tally, got, tt.want)
		}
	}
}

func TestPattern(t *testing.T) {
	t.Parallel()
	tests := []struct{ message, want string }{
		{"", ""},
		{"exit status 3", "exit status 3"},
		{"HTTP 502 Bad Gateway", "HTTP 502 Bad Gateway"},
		{"502 rows", "# rows"},
		{"no result within 30s", "no result within #s"},
		{"dial tcp 10.0.3.17:5432: connect: connection refused", "dial tcp #: connect: connection refused"},
		{`user "mario" has no order 019b1234-0000-7000-8000-00000000abcd`, `user "…" has no order #`},
		{"can't find it", "can't find it"},
		{"an open \" quote", "an open \" quote"},
		{"  many   spaces\tand\ta line\nand another", "many spaces and a line"},
		{"took 1.5ms at 2026-11-22T17:30:00Z", "took #ms at #"},
		{"bad \xff byte", "bad \ufffd byte"},
		{"größer als 12", "größer als #"},
	}
	for _, tt := range tests {
		if got := job.Pattern(tt.message); got != tt.want {
			t.Errorf("Pattern(%q) = %q, want %q", tt.message, got, tt.want)
		}
	}
}

func TestPatternProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		message := rapid.OneOf(rapid.String(), rapid.StringMatching(`[a-z0-9 "'.:\n\x00\xff-]{0,900}`)).Draw(t, "message")
		got := job.Pattern(message)
		if len(got) > job.MaxPattern || !utf8.ValidString(got) || strings.ContainsAny(got, "\n\x00") {
			t.Errorf("Pattern = %q of %d bytes, want one line of %d", got, len(got), job.MaxPattern)
		}
		if job.Fingerprint("error", got) <= 0 || job.Fingerprint("error", got) == job.Fingerprint("timeout", got) {
			t.Errorf("Fingerprint = %d, want a positive number of the class", job.Fingerprint("error", got))
		}
	})
}
