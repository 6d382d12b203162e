package job

import "time"

// State is what the planner needs to know of a job beside its definition. It is
// read under the job's lock.
type State struct {
	NextRun     time.Time // first slot not yet accounted for; zero = none
	Occurrences int64     // slots that became executions so far
	Live        int       // executions that are not over and hold, or are free to take, a place
	Queued      int       // executions that wait for a place
	// Closed is until when epochs that ended account for slots; zero = none ended. Only
	// changes look at it.
	Closed time.Time
}

// Policy is what the operator decides for all jobs. The zero value is not useful;
// see DefaultPolicy.
type Policy struct {
	MisfireThreshold time.Duration // a slot younger than this is late, an older one is missed; 60 s
	CatchUpMax       int           // fire_all runs at most this many missed slots of one outage; 100
	CatchUpSpacing   time.Duration // between the starts of catch-up runs; 1 s
	RangeMin         int           // more adjacent skipped slots than this become one range row; 100
	// When evaluates the condition of a job, which is not empty, for a slot; nil = every one
	// holds. It must answer the same for the same slot.
	When func(def *Job, slot time.Time) bool
}

// DefaultPolicy is the policy of the design.
func DefaultPolicy() Policy {
	return Policy{MisfireThreshold: time.Minute, CatchUpMax: 100, CatchUpSpacing: time.Second, RangeMin: 100}
}

// PlannedRun is an execution to create.
type PlannedRun struct {
	Slot       time.Time
	StartAt    time.Time // not before this instant: the slot, plus jitter or catch-up spacing
	Occurrence int64
	CatchUp    bool // the slot was missed and the policy picked it
	Queued     bool // it waits until another run of the job is over
}

// PlannedSkip is a slot to record as not run.
type PlannedSkip struct {
	Slot   time.Time
	Reason SkipReason
}

// Plan is what becomes of a job's slots up to now. Every slot from State.NextRun
// to now is in exactly one of Runs, Skips and Ranges.
type Plan struct {
	Runs       []PlannedRun
	Skips      []PlannedSkip
	Ranges     []SkipRange
	CancelLive bool      // ask what runs to stop (overlap cancel_running)
	NextRun    time.Time // zero = no further slot
	Ended      bool      // there is no further slot and never will be
	EndedAt    time.Time // with Ended: the last instant whose slots were due
}

// Opening is how a job's planning starts: at creation, resume or reschedule.
type Opening struct {
	NextRun time.Time // zero = no slot at all
	Epoch   Epoch     // Seq is set by the store
}

// Change is one change of a job, decided under its lock: a pure function of what
// the store read. It returns an Error to refuse.
type Change func(cur Job, st State) (Changed, error)

// Changed is what a Change asks the store to write, in one transaction.
type Changed struct {
	Job        Job  // as it becomes; the store raises Revision
	Unchanged  bool // same state asked for again: nothing is written
	Plan       Plan // slots up to now, under the old definition
	CloseEpoch *time.Time
	Open       *Opening
	NextRun    time.Time // the cursor afterwards
	CancelLive bool      // ask running executions to stop
	DropQueued bool      // waiting executions are cancelled
	Event      string    // e.g. "scheduler:job.paused"; "" = none
}
