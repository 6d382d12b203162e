package access

import (
	"time"

	"github.com/agentic-sdlc/scheduler/job"
)

// LimitError is a refusal that time heals.
type LimitError struct {
	Problem *job.Error // with the code rate_limited
	After   time.Duration
}

// Error is the sentence.
func (e *LimitError) Error() string { return e.Problem.Error() }

// Unwrap returns the error with the code.
func (e *LimitError) Unwrap() error { return e.Problem }

// RetryAfter is how long to wait.
func (e *LimitError) RetryAfter() time.Duration { return e.After }

// limit is how many requests a token may make.
type limit struct{ rate, burst int }

// bucket has what is left of a token's requests. It fills by rate a second up to burst.
type bucket struct {
	left float64
	at   time.Time
}

// take takes one request, if one is left.
func (b *bucket) take(l limit, now time.Time) bool {
	if passed := now.Sub(b.at).Seconds(); passed > 0 { // a clock may go back
		b.left += passed * float64(l.rate)
	}
	b.left, b.at = min(b.left, float64(l.burst)), now
	if b.left < 1 {
		return false
	}
	b.left--
	return true
}

// Bounds of wrong tokens.
const (
	maxWrong   = 10 // from one source in a window
	window     = time.Minute
	maxSources = 10_000
)

// tries counts wrong tokens by source, in windows of a minute.
type tries struct {
	since  time.Time
	counts map[string]int
}

// count counts one, and returns how long the source shall wait; 0 = it is not told to.
func (t *tries) count(source string, now time.Time) time.Duration {
	if passed := now.Sub(t.since); t.counts == nil || passed >= window || passed < 0 {
		t.since, t.counts = now, map[string]int{}
	}
	if _, known := t.counts[source]; !known && len(t.counts) >= maxSources {
		for other := range t.counts { // any: the order of a map is as good as random
			delete(t.counts, other)
			break
		}
	}
	t.counts[source]++
	if t.counts[source] <= maxWrong {
		return 0
	}
	return max(window-now.Sub(t.since), time.Second)
}
