package stored

import (
	"cmp"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// Spans of rows of rollups, in seconds.
const (
	Minute = 60
	Hour   = 3600
	Day    = 86400
)

// What is kept, back from the newest row of an owner. Platforms have minutes and hours;
// jobs have hours, which become days. The hour that a job is in stands in its counters,
// so that a fold writes one row of it.
const (
	keepMinutes  = store.KeepMinutes
	keepJobHours = store.KeepJobHours
	keepRollups  = store.KeepFigures
)

// maxPatterns bounds the kinds of errors of a job that a day tells apart.
const maxPatterns = 50

// AllPlatforms owns the rollups of all jobs together. A platform owns those of its
// number, negative; a job those of its number.
const AllPlatforms = 0

// RollupKey names a row of rollups.
type RollupKey struct {
	Owner, Span, Start int64 // the span in seconds, the start in microseconds
}

// CompareRollups orders keys as the table does.
func CompareRollups(a, b RollupKey) int {
	return cmp.Or(cmp.Compare(a.Owner, b.Owner), cmp.Compare(a.Span, b.Span), cmp.Compare(a.Start, b.Start))
}

// StartOf is the beginning of the span that an instant is in; instants are microseconds.
func StartOf(us, span int64) int64 {
	span *= 1e6
	start := us / span * span
	if start > us {
		start -= span
	}
	return start
}

// PatternKey names a row of failure_patterns.
type PatternKey struct {
	Job, Day, Print int64 // the day is where it starts, in microseconds
}

// PatternRow is a row of failure_patterns.
type PatternRow struct {
	PatternKey

	Class, Message string
	Count, LastUS  int64
}

// ComparePatterns orders keys as the table does.
func ComparePatterns(a, b PatternKey) int {
	return cmp.Or(cmp.Compare(a.Job, b.Job), cmp.Compare(a.Day, b.Day), cmp.Compare(a.Print, b.Print))
}

// quarters is how many quarters of an hour lie between two instants.
func quarters(from, to int64) int64 {
	return StartOf(to-from, int64(job.Quarter/time.Second)) / job.Quarter.Microseconds()
}

// EndTally adds a delta to the tally of a period that begins at start, with when it
// began when starts is set.
func EndTally(t *job.Tally, d *Delta, start int64, starts bool) {
	if d.Status == Skipped {
		t.AddSkips(Value(Reasons, d.Reason), d.N)
		return
	}
	t.Add(Value(Statuses, d.Status), time.Duration(d.TookUS)*time.Microsecond)
	if starts && d.StartedUS != 0 {
		t.Starts.Add(quarters(start, d.StartedUS), 1)
	}
}
