package job

import (
	"hash/fnv"
	"time"

	"github.com/agentic-sdlc/scheduler/schedule"
)

// Compile returns the schedule of a job, nil for one that events trigger. The error
// has code invalid and names the field.
func Compile(j *Job) (*schedule.Schedule, error) {
	return compile(&Epoch{
		Type: j.Type, Schedule: j.Schedule, ExecuteAt: j.ExecuteAt, Timezone: j.Timezone, DSTPolicy: j.DSTPolicy,
		StartDate: j.StartDate, EndDate: j.EndDate, Anchor: j.Anchor, Seed: j.Seed,
	})
}

// compile returns the schedule that an epoch was planned by.
func compile(e *Epoch) (*schedule.Schedule, error) {
	if e.Type == TypeEvent || e.Type == TypeStep {
		return nil, nil
	}
	s, err := schedule.New(schedule.Spec{
		Expr: e.Schedule, At: deref(e.ExecuteAt), Zone: e.Timezone, DST: schedule.DSTPolicy(e.DSTPolicy),
		Start: deref(e.StartDate), End: deref(e.EndDate), Anchor: e.Anchor, Seed: e.Seed,
	})
	if err != nil {
		return nil, scheduleError(err)
	}
	return s, nil
}

// Open computes how the planning of j starts: slots after the instant after are
// planned. A one-time job's slot is planned even when it lies a little before.
// The error has code invalid.
func Open(j Job, after time.Time, reason string) (Opening, error) {
	s, err := Compile(&j)
	if err != nil {
		return Opening{}, err
	}
	if at := deref(j.ExecuteAt); !at.IsZero() && !at.After(after) {
		after = at.Add(-time.Second)
	}
	opening := Opening{Epoch: Epoch{
		After: after, Type: j.Type, Schedule: j.Schedule, ExecuteAt: j.ExecuteAt, Timezone: j.Timezone,
		DSTPolicy: j.DSTPolicy, StartDate: j.StartDate, EndDate: j.EndDate, Anchor: j.Anchor, Seed: j.Seed, Reason: reason,
	}}
	if s != nil {
		opening.NextRun = s.Next(after)
	}
	return opening, nil
}

// Jitter returns how far the start of a slot moves: 0 … max, the same for the same
// job and slot (FNV-1a), so that what is forecast is what happens.
func Jitter(seed string, slot time.Time, maxMS int64) time.Duration {
	if maxMS <= 0 {
		return 0
	}
	h := fnv.New64a()
	_, _ = h.Write([]byte(seed))
	var b [8]byte
	for i, u := 0, uint64(slot.Unix()); i < 8; i, u = i+1, u>>8 {
		b[i] = byte(u)
	}
	_, _ = h.Write(b[:])
	return time.Duration(h.Sum64()%uint64(maxMS+1)) * time.Millisecond
}

func deref(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return *t
}
