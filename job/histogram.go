package job

import (
	"math/bits"
	"time"
)

// Histogram counts durations in buckets that grow with them: each eighth of a power of
// two of microseconds is one, so that a percentile is off by 1/16 at the most, whatever
// the durations are. Histograms add up. The zero value is empty.
type Histogram struct {
	Count    int64
	Sum      time.Duration
	Min, Max time.Duration // of what was counted
	Buckets  Sparse        // by bucket
}

// parts is how many buckets a power of two has, as a power of two.
const parts = 3

// bucket is the number of the bucket that a duration in microseconds is in.
func bucket(us int64) int64 {
	if us < 1<<parts {
		return max(us, 0)
	}
	octave := bits.Len64(uint64(us)) - 1
	return int64(octave-parts+1)<<parts + us>>(octave-parts)&(1<<parts-1)
}

// edges are the least duration of a bucket, and the least of the next one, in
// microseconds.
func edges(bucket int64) (from, to float64) {
	if bucket < 1<<parts {
		return float64(bucket), float64(bucket + 1)
	}
	octave := bucket>>parts - 1
	part := bucket & (1<<parts - 1)
	width := float64(uint64(1) << octave)
	from = (1<<parts + float64(part)) * width
	return from, from + width
}

// Add counts a duration; a negative one counts as none.
func (h *Histogram) Add(took time.Duration) {
	took = max(took, 0)
	if h.Count == 0 || took < h.Min {
		h.Min = took
	}
	h.Max = max(h.Max, took)
	h.Count++
	h.Sum += took
	h.Buckets.Add(bucket(took.Microseconds()), 1)
}

// Merge adds what other counted.
func (h *Histogram) Merge(other *Histogram) {
	if other.Count == 0 {
		return
	}
	if h.Count == 0 || other.Min < h.Min {
		h.Min = other.Min
	}
	h.Max = max(h.Max, other.Max)
	h.Count += other.Count
	h.Sum += other.Sum
	h.Buckets.Merge(other.Buckets, 0)
}

// Average is the mean; 0 of nothing.
func (h *Histogram) Average() time.Duration {
	if h.Count == 0 {
		return 0
	}
	return h.Sum / time.Duration(h.Count)
}

// Percentile is the duration that p percent of all do not exceed, by nearest rank and
// evenly within a bucket; 0 of nothing. The 99th of a hundred is the second longest.
func (h *Histogram) Percentile(p float64) time.Duration {
	if h.Count == 0 {
		return 0
	}
	rank := min(max(ceil(p/100*float64(h.Count)), 1), h.Count)
	below := int64(0)
	for _, b := range h.Buckets {
		if below+b.N < rank {
			below += b.N
			continue
		}
		from, to := edges(b.At)
		us := from + (to-from)*(float64(rank-below)-0.5)/float64(b.N)
		return min(max(time.Duration(us*float64(time.Microsecond)), h.Min), h.Max)
	}
	return h.Max
}

// ceil rounds up, and takes what is a whole number but for its last bits as whole.
func ceil(x float64) int64 {
	n := int64(x)
	if x-float64(n) > 1e-9*(1+x) {
		n++
	}
	return n
}
