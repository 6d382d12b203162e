package storetest

import (
	"errors"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// applyTests are about ApplyJobs.
func applyTests() []test {
	return []test{
		{"what is new is created, what exists is changed", testApply},
		{"the same again writes nothing", testApplyAgain},
		{"one bad step among many undoes all of them", testApplyAllOrNothing},
		{"the caller may say no at the end", testApplyUndone},
		{"a job that ended is shown and may be followed by another", testApplyEnded},
		{"a later step sees what an earlier one did", testApplyTwice},
		{"a step that finds nothing and creates nothing", testApplyNothing},
		{"a change that was undone is not planned by", testApplyUndoneSchedule},
	}
}

// apply carries out steps.
func (b *bench) apply(commit func([]store.AppliedJob) error, steps ...store.ApplyStep) ([]store.AppliedJob, error) {
	for i := range steps {
		steps[i].Platform = b.platform
	}
	return b.store.ApplyJobs(b.ctx, store.ApplyJobs{Steps: steps, Now: b.now, By: "uid:0", NewID: b.newID, Commit: commit})
}

// upsert is a step that gives the job of that name a schedule.
func (b *bench) upsert(name, schedule string) store.ApplyStep {
	return store.ApplyStep{
		Ref: name,
		Change: func(cur job.Job, st job.State) (job.Changed, error) {
			return job.Patch(job.Act{By: "uid:0", Now: b.now, Policy: job.DefaultPolicy()}, func(s *job.Spec) error {
				s.Schedule = schedule
				return nil
			})(cur, st)
		},
		Create: func(*job.Job) (*store.CreateJob, error) {
			j := b.build(schedule, named(name))
			return &store.CreateJob{Job: j, Open: b.opening(&j, "created"), Now: b.now}, nil
		},
	}
}

func (b *bench) mustApply(steps ...store.ApplyStep) []store.AppliedJob {
	b.Helper()
	done, err := b.apply(nil, steps...)
	if err != nil || len(done) != len(steps) {
		b.Fatalf("ApplyJobs = %d steps, %v; want %d, no error", len(done), err, len(steps))
	}
	return done
}

func testApply(_ *testing.T, b *bench) {
	old := b.job(minutely, named("old"))
	b.pass(90 * time.Second)
	var done []store.AppliedJob
	b.wantEvents("apply", func() { done = b.mustApply(b.upsert("new", hourly), b.upsert("old", hourly)) },
		job.EventJobCreated, job.EventJobUpdated)
	if done[0].Before != nil || !done[0].Created || done[0].Changed || !done[1].Changed || done[1].Created {
		b.Fatalf("steps say %+v; want one created, one changed", done)
	}
	b.wantSame("the job before", old, *done[1].Before)
	b.wantSame("the created job", b.get(done[0].After.ID), *done[0].After)
	b.wantSame("the changed job", b.get(old.ID), *done[1].After)
	wantEqual(b, "revision", done[1].After.Revision, 2)
	b.wantTime("next_run", done[1].After.NextRun, at(3600))
	b.wantSlots(old.ID, at(60), at(60), time.Minute) // the slot up to now is planned as it was
	wantEqual(b, "epochs", len(b.book(old.ID).Epochs), 2)
}

func testApplyAgain(_ *testing.T, b *bench) {
	first := b.mustApply(b.upsert("a", hourly), b.upsert("b", hourly))
	b.pass(time.Minute)
	b.wantEvents("the same again", func() {
		for i, a := range b.mustApply(b.upsert("a", hourly), b.upsert("b", hourly)) {
			if a.Created || a.Changed {
				b.Errorf("step %d says created %t, changed %t; want neither", i, a.Created, a.Changed)
			}
			b.wantSame("the job", *first[i].After, *a.After)
			b.wantSame("the job read again", *first[i].After, b.get(a.After.ID))
		}
	})
}

func testApplyAllOrNothing(_ *testing.T, b *bench) {
	old := b.job(minutely, named("old"))
	taken := b.job(minutely, named("taken"))
	steps := []store.ApplyStep{b.upsert("new", hourly), b.upsert("old", hourly)}
	refused := b.upsert("taken", hourly)
	refused.Change = func(job.Job, job.State) (job.Changed, error) { return job.Changed{}, job.Errorf(job.Conflict, "no") }
	b.wantEvents("a refused step", func() {
		_, err := b.apply(nil, append(steps, refused)...)
		b.wantCode("ApplyJobs with a refused step", err, job.Conflict)
		clash := b.upsert("other", hourly)
		clash.Create = b.upsert("taken", hourly).Create
		_, err = b.apply(nil, append(steps, clash)...)
		b.wantCode("ApplyJobs that creates a name that is taken", err, job.Conflict)
	})
	b.wantSame("the first job", old, b.get(old.ID))
	b.wantSame("the second job", taken, b.get(taken.ID))
	_, err := b.store.Job(b.ctx, b.platform, "new")
	b.wantCode("the job that was to be created", err, job.NotFound)
}

func testApplyUndone(t *testing.T, b *bench) {
	old := b.job(minutely, named("old"))
	b.pass(90 * time.Second)
	errNo := errors.New("no")
	var seen []store.AppliedJob
	b.wantEvents("what was undone", func() {
		_, err := b.apply(func(done []store.AppliedJob) error { seen = done; return errNo }, b.upsert("new", hourly), b.upsert("old", hourly))
		if !errors.Is(err, errNo) {
			t.Errorf("ApplyJobs = %v, want the caller's error", err)
		}
	})
	if len(seen) != 2 || !seen[0].Created || !seen[1].Changed || seen[1].After.Schedule != hourly {
		t.Errorf("Commit saw %+v; want one created, one changed to %q", seen, hourly)
	}
	b.wantSame("the job", old, b.get(old.ID))
	b.wantSame("executions", 0, len(b.executions(old.ID)))
	_, err := b.store.Job(b.ctx, b.platform, "new")
	b.wantCode("the job that was to be created", err, job.NotFound)
}

func testApplyEnded(t *testing.T, b *bench) {
	j := b.job(minutely, named("a"))
	b.cancel(j.ID)
	step := b.upsert("a", hourly)
	create, asked := step.Create, ""
	step.Create = func(ended *job.Job) (*store.CreateJob, error) {
		if ended != nil {
			asked = ended.ID.String()
		}
		return create(ended)
	}
	done := b.mustApply(step)
	if asked != j.ID.String() || !done[0].Created || done[0].Before == nil || done[0].After.ID == j.ID {
		t.Errorf("Create was asked with %q, step %+v; want %q and a new job", asked, done[0], j.ID)
	}
	wantEqual(b, "status of the old one", b.get(j.ID).Status, job.JobCancelled)
}

func testApplyTwice(_ *testing.T, b *bench) {
	pause := store.ApplyStep{Ref: "a", Change: job.Pause(job.Act{By: "uid:0", Now: b.now, Policy: job.DefaultPolicy()}, "as code", false)}
	done := b.mustApply(b.upsert("a", hourly), pause)
	got := b.get(done[0].After.ID)
	wantEqual(b, "status", got.Status, job.JobPaused)
	wantEqual(b, "revision", got.Revision, 2)
	b.wantSame("the last answer", got, *done[1].After)
}

func testApplyNothing(t *testing.T, b *bench) {
	step := b.upsert("a", hourly)
	step.Create = nil
	none := b.upsert("b", hourly)
	none.Create = func(*job.Job) (*store.CreateJob, error) { return nil, nil }
	for _, a := range b.mustApply(step, none) {
		if a.Before != nil || a.After != nil || a.Created || a.Changed {
			t.Errorf("a step about nothing says %+v", a)
		}
	}
}

// testApplyUndoneSchedule: the next change reaches the revision that was undone, with
// another schedule, and that one is planned by.
func testApplyUndoneSchedule(_ *testing.T, b *bench) {
	j := b.job(minutely, named("a"), overlapping(job.OverlapQueueAll, 1))
	act := job.Act{By: "uid:0", Now: b.now, Policy: job.DefaultPolicy()}
	pause := store.ApplyStep{Ref: "a", Change: job.Pause(act, "", false)}
	resume := store.ApplyStep{Ref: "a", Change: job.Resume(act, job.CatchUpNone)}
	_, err := b.apply(func([]store.AppliedJob) error { return job.Errorf(job.Conflict, "no") }, pause, b.upsert("a", "0 0 1 1 *"), resume)
	b.wantCode("ApplyJobs", err, job.Conflict)
	for range 3 {
		b.change(j.ID, func(c *job.Changed, _ job.State) { c.Job.Description += "x" })
	}
	b.pass(time.Minute)
	b.plan()
	b.wantSlots(j.ID, at(60), at(60), time.Minute)
	b.wantTime("next_run", b.get(j.ID).NextRun, at(120))
}
