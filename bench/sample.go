package main

import (
	"math"
	"slices"
	"sync/atomic"
	"time"
)

// sampler collects durations from many goroutines at next to no cost: it has room
// for all of them from the start, and what comes beyond is counted, not kept.
type sampler struct {
	room []int64
	n    atomic.Int64
}

func newSampler(room int) *sampler { return &sampler{room: make([]int64, room)} }

func (s *sampler) add(d time.Duration) {
	if i := s.n.Add(1) - 1; i < int64(len(s.room)) {
		s.room[i] = int64(d)
	}
}

// take returns what was collected, in milliseconds, in the order it came, and starts
// anew. Nobody may add at the same time.
func (s *sampler) take() []float64 {
	n := min(int(s.n.Swap(0)), len(s.room))
	ms := make([]float64, n)
	for i, d := range s.room[:n] {
		ms[i] = millis(time.Duration(d))
	}
	return ms
}

func millis(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// median of values; 0 of none.
func median(values []float64) float64 { return percentile(values, 50) }

// percentile is the smallest value that p percent of the values do not exceed; the
// median of an even number is the mean of the two in the middle.
func percentile(values []float64, p float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	if n := len(sorted); p == 50 && n%2 == 0 {
		return (sorted[n/2-1] + sorted[n/2]) / 2
	}
	i := int(math.Ceil(p/100*float64(len(sorted)))) - 1
	return sorted[max(0, min(i, len(sorted)-1))]
}

// windows cuts values into n pieces of about the same length and applies fn to each.
func windows(values []float64, n int, fn func([]float64) float64) []float64 {
	n = max(1, min(n, len(values)))
	out := make([]float64, 0, n)
	for i := range n {
		out = append(out, fn(values[i*len(values)/n:(i+1)*len(values)/n]))
	}
	return out
}
