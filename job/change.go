package job

import (
	"bytes"
	"encoding/json"
	"slices"
	"time"
)

// The events of a job's life on the bus.
const (
	EventJobCreated   = "scheduler:job.created"
	EventJobUpdated   = "scheduler:job.updated"
	EventJobPaused    = "scheduler:job.paused"
	EventJobResumed   = "scheduler:job.resumed"
	EventJobCancelled = "scheduler:job.cancelled"
	EventJobDeleted   = "scheduler:job.deleted"
)

// CatchUp says what becomes of the slots of a pause when the job is resumed.
type CatchUp string

// The catch-ups.
const (
	CatchUpNone CatchUp = "none" // they were not due
	CatchUpOnce CatchUp = "once" // the latest runs, the rest are recorded
	CatchUpAll  CatchUp = "all"  // as misfire fire_all
)

// CatchUps lists them.
func CatchUps() []CatchUp { return []CatchUp{CatchUpNone, CatchUpOnce, CatchUpAll} }

// Act is who changes a job, when, and under which policy slots up to then are planned.
type Act struct {
	By     string
	Now    time.Time
	Policy Policy
}

// Pause stops planning: slots of the pause are not due. The slots up to now are
// planned first, but a one-time job's slot is held back until the job is resumed.
// With cancelRunning what runs is asked to stop and what waits is skipped.
func Pause(a Act, reason string, cancelRunning bool) Change {
	return PauseUntil(a, nil, reason, cancelRunning)
}

// PauseUntil is a Pause that ends by itself; nil = when somebody resumes the job. Of a job
// that is paused, it changes when that ends, and why.
func PauseUntil(a Act, until *time.Time, reason string, cancelRunning bool) Change {
	return func(cur Job, st State) (Changed, error) {
		if cur.Status == JobPaused {
			return a.pausedAgain(cur, st, until, reason, cancelRunning), nil
		}
		status, ok := cur.Status.Next(JobPause)
		if !ok {
			return Changed{}, refuse(cur, "only an active job can be paused")
		}
		if cur.Status == JobActive && cur.Type != TypeEvent && st.NextRun.IsZero() {
			return Changed{}, Errorf(Conflict, "job has no due time left; it ends when its last run is over")
		}
		c := a.begin(&cur, st, true)
		c.stop(status, cancelRunning)
		c.Job.PausedAt, c.Job.PauseUntil, c.Job.PauseReason = &a.Now, until, reason
		c.CancelLive, c.Event = c.CancelLive || cancelRunning, EventJobPaused
		return c.Changed, nil
	}
}

// Resume plans again from now on. With a catch-up the cursor goes back to the
// beginning of the pause and its slots are planned in the same transaction, under
// the definition as it is now.
func Resume(a Act, catchUp CatchUp) Change {
	return func(cur Job, st State) (Changed, error) { return a.resume(cur, st, catchUp, a.Now) }
}

// resume plans again from the instant on.
func (a Act) resume(cur Job, st State, catchUp CatchUp, from time.Time) (Changed, error) {
	move := JobResume
	switch cur.Status {
	case JobActive:
		return Changed{Job: cur, Unchanged: true}, nil
	case JobError:
		move = JobRevive
	}
	status, ok := cur.Status.Next(move)
	if !ok {
		return Changed{}, refuse(cur, "only a paused job can be resumed")
	}
	c := a.begin(&cur, st, true)
	after, def := from, cur
	if cur.PausedAt != nil && catchUp != CatchUpNone && catchUp != "" {
		after, def.Misfire, def.MisfireGrace = *cur.PausedAt, MisfireFireOnce, nil
		if catchUp == CatchUpAll {
			def.Misfire = MisfireFireAll
		}
	} else if at := cur.ExecuteAt; at != nil && a.Now.Sub(*at) > a.Policy.MisfireThreshold {
		return Changed{}, Errorf(Conflict, "job is %s; its only time, %s, has passed", cur.Status, stamp(*at)).
			WithHint(`resume it with catch_up "once" to run it now, or reschedule it`)
	}
	c.Job.Status, c.Job.StatusReason, c.Job.PausedAt, c.Job.PauseUntil, c.Job.PauseReason = status, "", nil, nil, ""
	c.Event = EventJobResumed
	if err := c.reopen(after, "resumed"); err != nil {
		return Changed{}, refuse(cur, "its definition cannot be read: "+err.Error())
	}
	err := c.catchUp(&def)
	return c.Changed, err
}

// Cancel ends a job for good. Slots that were due and not planned yet, and runs that
// wait, are cancelled; with cancelRunning what runs is asked to stop.
func Cancel(a Act, reason string, cancelRunning bool) Change {
	return func(cur Job, st State) (Changed, error) {
		if cur.Status == JobCancelled {
			return a.again(cur, st, cancelRunning), nil
		}
		status, ok := cur.Status.Next(JobCancel)
		if !ok {
			return Changed{}, refuse(cur, "it has ended and cannot be cancelled")
		}
		c := a.begin(&cur, st, false)
		c.stop(status, true)
		c.Job.CancelledAt, c.Job.StatusReason = &a.Now, reason
		c.CancelLive, c.Event = cancelRunning, EventJobCancelled
		return c.Changed, nil
	}
}

// Delete takes a job out of sight and frees its name; its history stays. A job that
// has not ended is cancelled by it.
func Delete(a Act, reason string) Change {
	return func(cur Job, st State) (Changed, error) {
		c := a.begin(&cur, st, false)
		if status, ok := cur.Status.Next(JobCancel); ok {
			c.stop(status, true)
			c.Job.CancelledAt, c.Job.StatusReason = &a.Now, reason
		}
		c.Job.DeletedAt, c.Event = &a.Now, EventJobDeleted
		c.CancelLive = false
		return c.Changed, nil
	}
}

// NewTimes is what Reschedule changes: the schedule, or a one-time job's instant.
type NewTimes struct {
	Schedule  string     // "" = as it is
	Timezone  string     // "" = as it is
	ExecuteAt *time.Time // nil = as it is
}

// Reschedule gives a job other times. Slots up to now keep the old ones.
func Reschedule(a Act, to NewTimes) Change {
	return func(cur Job, st State) (Changed, error) {
		switch {
		case cur.Type == TypeEvent:
			return Changed{}, Errorf(Conflict, "job is triggered by events; it has no schedule")
		case cur.Type == TypeOneTime && to.Schedule != "":
			return Changed{}, Errorf(Conflict, "job is one-time; it has no schedule").WithHint("give execute_at")
		case cur.Type != TypeOneTime && to.ExecuteAt != nil:
			return Changed{}, Errorf(Conflict, "job has a schedule; execute_at is for one-time jobs").WithHint("give schedule")
		}
		return Patch(a, func(s *Spec) error {
			if to.Schedule != "" {
				s.Schedule = to.Schedule
			}
			if to.Timezone != "" {
				s.Timezone = to.Timezone
			}
			if to.ExecuteAt != nil {
				s.ExecuteAt = toMicros(to.ExecuteAt)
			}
			return nil
		})(cur, st)
	}
}

// Patch edits a definition. Slots up to now are planned under the old one; when the
// edit moves the schedule, a new epoch begins at now. A one-time job's slot that was
// not planned yet moves with the edit. edit must leave a normal Spec behind and must
// not write through the pointers and slices that it finds.
func Patch(a Act, edit func(s *Spec) error) Change {
	return func(cur Job, st State) (Changed, error) {
		if cur.Status.Terminal() {
			return Changed{}, refuse(cur, "a job that has ended cannot be changed").WithHint("create a new one")
		}
		spec := cur.Spec
		if err := edit(&spec); err != nil {
			return Changed{}, err
		}
		if cur.Status != JobError && sameJSON(spec, cur.Spec) {
			return Changed{Job: cur, Unchanged: true}, nil
		}
		moved := !sameJSON(times(&spec), times(&cur.Spec))
		problems := spec.Validate
		if moved {
			problems = func() Problems { return spec.ValidateAt(a.Now) }
		}
		if err := problems().Err(); err != nil {
			return Changed{}, err
		}
		if moved && cur.Type == TypeOneTime && cur.Status == JobActive && st.NextRun.IsZero() {
			return Changed{}, Errorf(Conflict, "job has run; a one-time job runs once").WithHint("run it by hand, or create a new one")
		}
		c := a.begin(&cur, st, moved)
		err := c.redefine(&cur, spec, moved)
		return c.Changed, err
	}
}

// changing is a Changed in the making.
type changing struct {
	Changed

	act   Act
	st    State     // as it is after the plan
	until time.Time // where the epoch in force ends if it ends now; zero = none is in force
}

// begin accounts for the slots up to now under the definition as it was. With hold a
// one-time job's due slot is left unplanned.
func (a Act) begin(cur *Job, st State, hold bool) *changing {
	c := &changing{Changed: Changed{Job: *cur, NextRun: st.NextRun}, act: a, st: st}
	c.Job.UpdatedAt, c.Job.UpdatedBy = a.Now, a.By
	switch {
	case cur.Status == JobError && st.NextRun.IsZero():
		c.until = cur.UpdatedAt // when it broke: nothing was planned since
		return c
	case cur.Status != JobActive && cur.Status != JobError, st.NextRun.IsZero():
		return c
	}
	c.until = a.Now
	sched, err := Compile(cur)
	if st.NextRun.After(a.Now) {
		if err == nil { // a clock that went back finds slots of its future planned: they stay this epoch's
			c.until = later(a.Now, sched.Prev(st.NextRun.Add(-time.Second)))
		}
		return c
	}
	if err != nil || cur.Status == JobError || hold && cur.Type == TypeOneTime {
		c.until = st.NextRun.Add(-time.Second)
		return c
	}
	MakePlan(cur, sched, st, a.Now, a.Policy, &c.Plan)
	c.planned()
	return c
}

// planned takes over what the plan decided.
func (c *changing) planned() {
	c.NextRun, c.st.NextRun, c.CancelLive = c.Plan.NextRun, c.Plan.NextRun, c.Plan.CancelLive
	c.st.Occurrences += int64(len(c.Plan.Runs))
	for _, run := range c.Plan.Runs {
		if run.Queued {
			c.st.Queued++
		} else {
			c.st.Live++
		}
	}
	if c.Plan.Ended {
		c.until = c.Plan.EndedAt
		c.close()
	}
	c.Job.NextRun = instant(c.NextRun)
}

// close ends the epoch in force.
func (c *changing) close() {
	if !c.until.IsZero() {
		c.CloseEpoch = &c.until
	}
}

// stop ends planning. With drop, runs that did not start are cancelled.
func (c *changing) stop(status JobStatus, drop bool) {
	c.close()
	c.Job.Status, c.Job.NextRun, c.NextRun, c.Job.PauseUntil = status, nil, time.Time{}, nil
	c.DropQueued = drop
	if !drop {
		return
	}
	for _, run := range c.Plan.Runs {
		c.Plan.Skips = append(c.Plan.Skips, PlannedSkip{Slot: run.Slot, Reason: SkipCancelled})
	}
	slices.SortFunc(c.Plan.Skips, func(a, b PlannedSkip) int { return a.Slot.Compare(b.Slot) })
	c.Plan.Runs, c.Plan.CancelLive, c.CancelLive = nil, false, false
	c.Plan.Ended = c.Plan.Ended && status.Terminal()
}

// reopen begins a new epoch for the definition as it is: slots after the instant. Where
// the clock went back, they are also after what earlier epochs account for.
// Without such a slot the job has ended.
func (c *changing) reopen(after time.Time, reason string) error {
	c.close()
	c.NextRun, c.Job.NextRun = time.Time{}, nil
	if c.Job.Type == TypeEvent {
		return nil
	}
	c.Plan.Ended, c.Plan.EndedAt = true, c.act.Now
	if c.limitReached() {
		return nil
	}
	opening, err := Open(c.Job, later(later(after, c.until), c.st.Closed), reason)
	if err != nil || opening.NextRun.IsZero() {
		return err
	}
	c.Open, c.NextRun, c.Job.NextRun = &opening, opening.NextRun, &opening.NextRun
	c.Plan.Ended, c.Plan.EndedAt = false, time.Time{}
	return nil
}

// catchUp plans the slots of a new epoch up to now, as def says.
func (c *changing) catchUp(def *Job) error {
	if c.Open == nil || c.Open.NextRun.After(c.act.Now) {
		return nil
	}
	sched, err := Compile(def)
	if err != nil {
		return err
	}
	st := c.st
	st.NextRun = c.Open.NextRun
	MakePlan(def, sched, st, c.act.Now, c.act.Policy, &c.Plan)
	before := c.CloseEpoch
	c.planned()
	c.CloseEpoch, c.Open.NextRun = before, c.Plan.NextRun
	if c.Plan.Ended {
		c.Open.Epoch.Until = &c.Plan.EndedAt
	}
	return nil
}

// redefine puts the new definition in the place of the old one.
func (c *changing) redefine(cur *Job, spec Spec, moved bool) error {
	c.Job.Spec, c.Event = spec, EventJobUpdated
	if !sameJSON(spec.StartDate, cur.StartDate) {
		c.Job.Anchor = anchorOf(&spec, cur.CreatedAt)
	}
	if status, ok := cur.Status.Next(JobRevive); ok {
		c.Job.Status, c.Job.StatusReason, moved = status, "", true
	}
	ended := c.NextRun.IsZero() && spec.Type != TypeEvent
	raised := ended && !sameJSON(spec.MaxExecutions, cur.MaxExecutions)
	switch {
	case c.Job.Status != JobActive:
		return nil
	case moved, raised, c.limitReached():
		return c.reopen(c.act.Now, "rescheduled")
	}
	return nil
}

func (c *changing) limitReached() bool {
	limit := c.Job.MaxExecutions
	return limit != nil && c.st.Occurrences >= *limit
}

// again answers the same state asked for again: nothing happens, unless what still
// runs is to be stopped this time.
func (a Act) again(cur Job, st State, cancelRunning bool) Changed {
	if !cancelRunning || st.Live+st.Queued == 0 {
		return Changed{Job: cur, Unchanged: true}
	}
	cur.UpdatedAt, cur.UpdatedBy = a.Now, a.By
	return Changed{Job: cur, CancelLive: true, DropQueued: true, NextRun: st.NextRun}
}

// pausedAgain changes how long a pause lasts, when that is said again.
func (a Act) pausedAgain(cur Job, st State, until *time.Time, reason string, cancelRunning bool) Changed {
	c := a.again(cur, st, cancelRunning)
	if until == nil || cur.PauseUntil != nil && cur.PauseUntil.Equal(*until) {
		return c
	}
	c.Unchanged, c.NextRun, c.Event = false, st.NextRun, EventJobPaused
	c.Job.PauseUntil, c.Job.UpdatedAt, c.Job.UpdatedBy = until, a.Now, a.By
	if reason != "" {
		c.Job.PauseReason = reason
	}
	return c
}

// refuse says why the job's status forbids a change.
func refuse(cur Job, why string) *Error {
	return Errorf(Conflict, "job is %s; %s", cur.Status, why)
}

// times are the fields of a definition that an epoch holds.
func times(s *Spec) Epoch {
	return Epoch{
		Type: s.Type, Schedule: s.Schedule, ExecuteAt: s.ExecuteAt, Timezone: s.Timezone, DSTPolicy: s.DSTPolicy,
		StartDate: s.StartDate, EndDate: s.EndDate,
	}
}

// sameJSON reports whether two values look alike outside.
func sameJSON(a, b any) bool {
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	return errX == nil && errY == nil && bytes.Equal(x, y)
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// instant is nil for the zero time.
func instant(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
