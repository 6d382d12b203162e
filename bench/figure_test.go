package main

import (
	"strings"
	"testing"
	"time"
)

func TestPercentile(t *testing.T) {
	for _, c := range []struct {
		values []float64
		p      float64
		want   float64
	}{
		{nil, 50, 0},
		{[]float64{3}, 99, 3},
		{[]float64{4, 1, 3, 2}, 50, 2.5},
		{[]float64{3, 1, 2}, 50, 2},
		{[]float64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, 90, 9},
		{[]float64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, 99, 10},
	} {
		if got := percentile(c.values, c.p); got != c.want {
			t.Errorf("percentile(%v, %v) = %v, want %v", c.values, c.p, got, c.want)
		}
	}
}

func TestSampler(t *testing.T) {
	s := newSampler(2)
	for range 3 { // one more than there is room for
		s.add(time.Millisecond)
	}
	if got := s.take(); len(got) != 2 || got[1] != 1 {
		t.Errorf("take = %v, want two of 1", got)
	}
	if got := s.take(); len(got) != 0 {
		t.Errorf("second take = %v, want none", got)
	}
}

func TestWindows(t *testing.T) {
	count := func(v []float64) float64 { return float64(len(v)) }
	if got := windows([]float64{1, 2, 3, 4, 5}, 2, count); len(got) != 2 || got[0]+got[1] != 5 {
		t.Errorf("windows = %v, want two that add up to 5", got)
	}
	if got := windows([]float64{1}, 6, count); len(got) != 1 {
		t.Errorf("windows of one value = %v, want one", got)
	}
}

func TestVerdict(t *testing.T) {
	peers := []float64{10, 10, 10}
	for _, c := range []struct {
		f    Figure
		want string
	}{
		{medianOf("", "ms", []float64{1, 9, 2}, nil), verdictNone},
		{medianOf("", "ms", []float64{1, 9, 2}, atMost(2)), verdictOK},
		{medianOf("", "ms", []float64{1, 9, 2}, atMost(2, 1)), verdictOK},
		{medianOf("", "ms", []float64{1, 9, 2}, atMost(5, 2)), verdictAim},
		{medianOf("", "ms", []float64{1, 9, 2}, atMost(1.9)), verdictMissed},
		{medianOf("", "ms", []float64{0, 0}, atLeast(0)), verdictOK},
		{medianOf("", "ms", []float64{-1}, atLeast(0)), verdictMissed},
		{against("", "/s", []float64{400, 500, 600}, "peer", peers, atLeast(15, 40)), verdictAim},
		{against("", "/s", []float64{100, 200, 300}, "peer", peers, atLeast(15, 40)), verdictOK},
		{against("", "/s", []float64{100, 110, 900}, "peer", peers, atLeast(15, 40)), verdictMissed},
	} {
		if got := c.f.verdict(); got != c.want {
			t.Errorf("verdict of %v %v = %s, want %s", c.f.Rounds, c.f.Ratios, got, c.want)
		}
	}
}

func TestTable(t *testing.T) {
	r := report{
		Crowd: []crowded{{"a", 12}, {"b", 3}},
		Figures: []Figure{
			against("fast", "/s", []float64{61234, 50000, 70000}, "peer", []float64{1500, 1250, 1750}, atLeast(15, 40)),
			medianOf("late", "ms", []float64{0.0876}, atMost(300)),
			medianOf("told", "MiB", []float64{9.99}, nil),
		},
	}
	var b strings.Builder
	r.print(&b)
	lines := strings.Split(b.String(), "\n")
	for i, want := range []string{
		"WHAT  FIGURE                    BAR          AIM     RATIO                VERDICT",
		"fast  61 234/s (50 000–70 000)  ≥ 15 × peer  ≥ 40 ×  40 × (40–40.8)       aim",
		"late  0.088 ms                  ≤ 300 ms     –       0.00029              ok",
		"told  9.99 MiB                  –            –       –                    –",
	} {
		if got := lines[i+4]; strings.Join(strings.Fields(got), " ") != strings.Join(strings.Fields(want), " ") {
			t.Errorf("line %d = %q, want %q", i, got, want)
		}
	}
	if !strings.Contains(b.String(), ": a 12 %, b 3 %;") {
		t.Errorf("the crowd is missing: %s", b.String())
	}
}

func TestNumber(t *testing.T) {
	for v, want := range map[float64]string{
		0: "0", 0.0123: "0.012", 0.5: "0.5", 1: "1", 1.234: "1.23", 12.34: "12.3", 40: "40", 345.6: "346", 1234: "1 234", 1234567: "1 234 567", -1234: "-1 234", -0.5: "-0.5",
	} {
		if got := number(v); got != want {
			t.Errorf("number(%v) = %q, want %q", v, got, want)
		}
	}
}
