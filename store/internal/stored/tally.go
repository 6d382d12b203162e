package stored

import (
	"encoding/binary"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
)

// PackTally packs a tally: its counts, its durations in microseconds, and its lists as
// differences. What follows the end of a shorter form is 0.
func PackTally(t *job.Tally) []byte {
	b := make([]byte, 0, 32+3*len(t.Took.Buckets)+3*len(t.Starts))
	h := &t.Took
	for _, n := range []int64{
		t.Success, t.Failed, t.Timeout, t.Cancelled, t.Skipped, t.Missed,
		h.Count, h.Sum.Microseconds(), h.Min.Microseconds(), h.Max.Microseconds(),
	} {
		b = binary.AppendVarint(b, n)
	}
	return packSparse(packSparse(b, h.Buckets), t.Starts)
}

func packSparse(b []byte, s job.Sparse) []byte {
	b = binary.AppendVarint(b, int64(len(s)))
	last := int64(0)
	for _, c := range s {
		b = binary.AppendVarint(binary.AppendVarint(b, c.At-last), c.N)
		last = c.At
	}
	return b
}

// MergeTally adds a packed tally to t; its period began so many quarters of an hour
// later.
func MergeTally(t *job.Tally, b []byte, quarters int64) {
	if len(b) == 0 {
		return
	}
	r := Reader{b: b}
	other := job.Tally{Success: r.int(), Failed: r.int(), Timeout: r.int(), Cancelled: r.int(), Skipped: r.int(), Missed: r.int()}
	us := func() time.Duration { return time.Duration(r.int()) * time.Microsecond }
	other.Took = job.Histogram{Count: r.int(), Sum: us(), Min: us(), Max: us(), Buckets: r.sparse()}
	other.Starts = r.sparse()
	t.Merge(&other, quarters)
}

func (r *Reader) sparse() job.Sparse {
	n := r.int()
	if n <= 0 || n > int64(len(r.b)) {
		return nil
	}
	s := make(job.Sparse, 0, n)
	at := int64(0)
	for range n {
		at += r.int()
		s = append(s, job.Count{At: at, N: r.int()})
	}
	return s
}
