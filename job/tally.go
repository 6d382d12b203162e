package job

import "time"

// Tally sums up how executions ended. Tallies add up. The zero value is empty.
type Tally struct {
	Success, Failed, Timeout, Cancelled int64
	Skipped                             int64 // due times and manual runs that did not run
	Missed                              int64 // of these, due times that nobody was there for

	Took   Histogram // of successes
	Starts Sparse    // by the quarter of an hour since the beginning of the period; of jobs only
}

// Ended counts what ran, or would have but for a cancel.
func (t *Tally) Ended() int64 { return t.Success + t.Failed + t.Timeout + t.Cancelled }

// Add counts an end.
func (t *Tally) Add(status Status, took time.Duration) {
	switch status {
	case Success:
		t.Success++
		t.Took.Add(took)
	case Failed:
		t.Failed++
	case TimedOut:
		t.Timeout++
	case Cancelled:
		t.Cancelled++
	}
}

// AddSkips counts n slots that did not run.
func (t *Tally) AddSkips(reason SkipReason, n int64) {
	t.Skipped += n
	if reason == SkipMissed {
		t.Missed += n
	}
}

// Merge adds what other counted; its period began so many quarters of an hour later.
func (t *Tally) Merge(other *Tally, quarters int64) {
	t.Success += other.Success
	t.Failed += other.Failed
	t.Timeout += other.Timeout
	t.Cancelled += other.Cancelled
	t.Skipped += other.Skipped
	t.Missed += other.Missed
	t.Took.Merge(&other.Took)
	t.Starts.Merge(other.Starts, quarters)
}

// SuccessRate is the percentage of successes among what ran to its end: neither what
// runs nor what was cancelled or skipped counts. It is 0 when nothing did.
func (t *Tally) SuccessRate() float64 {
	ran := t.Success + t.Failed + t.Timeout
	if ran == 0 {
		return 0
	}
	return 100 * float64(t.Success) / float64(ran)
}

// Quarter is the unit of Tally.Starts.
const Quarter = 15 * time.Minute

// Period is a tally of a stretch of time.
type Period struct {
	Start time.Time
	Span  time.Duration
	Tally Tally
}

// FailurePattern is errors that say the same but for numbers, names and the like.
type FailurePattern struct {
	Class   string // of the error
	Message string // as Pattern has it
	Count   int64
	Last    time.Time // when such an execution ended last
}
