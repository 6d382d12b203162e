package storetest

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// changeTests are about ChangeJob.
func changeTests() []test {
	return []test{
		{"a change is written and raises the revision", testChangeWrites},
		{"a job may be changed by its name", testChangeByName},
		{"the change sees the job and its state", testChangeSees},
		{"the revision must be the one expected", testChangeRevision},
		{"a refused change writes nothing", testChangeRefused},
		{"the same state asked for again writes nothing", testChangeUnchanged},
		{"a rename frees the old name", testChangeRename},
		{"a rename to a taken name is a conflict", testChangeRenameTaken},
		{"what does not exist cannot be changed", testChangeNotFound},
		{"a pause ends the planning", testChangePause},
		{"a resume starts it again from now", testChangeResume},
		{"a new schedule is a new epoch", testChangeReschedule},
		{"the plan of a change is written with it", testChangePlan},
		{"a paused job holds what waits", testChangeHolds},
		{"a cancelled job drops what waits", testChangeDropsQueued},
		{"cancel asks what runs to stop", testChangeCancelLive},
		{"a definition changes for the next claim", testChangeDefinition},
	}
}

func testChangeWrites(_ *testing.T, b *bench) {
	j := b.job(minutely)
	b.pass(10 * time.Second)
	want := j
	got := b.change(j.ID, func(c *job.Changed, _ job.State) {
		c.Job.Description, c.Job.HandlerName, c.Job.Priority = "changed", "other", job.PriorityHigh
		c.Job.Payload, c.Job.Tags = json.RawMessage(`{"a":[1]}`), []string{"x"}
		c.Job.TimeoutMS, c.Job.MaxExecutions = 5, ptr(int64(3))
		want.Spec = c.Job.Spec
	})
	want.Revision, want.UpdatedAt, want.UpdatedBy = 2, b.now, "uid:0"
	b.wantSame("the changed job", want, got)
	b.wantSame("the job read again", want, b.get(j.ID))
}

func testChangeByName(_ *testing.T, b *bench) {
	j := b.job("", named("backup"))
	got := b.change(j.ID, func(c *job.Changed, _ job.State) { c.Job.Description = "changed" },
		func(c *store.ChangeJob) { c.Ref = "backup" })
	wantEqual(b, "id", got.ID, j.ID)
	wantEqual(b, "description", b.get(j.ID).Description, "changed")
}

func testChangeSees(_ *testing.T, b *bench) {
	j := b.job(minutely, overlapping(job.OverlapQueueAll, 1))
	s := b.session()
	b.start(s, j.ID)
	b.trigger(j.ID)
	b.trigger(j.ID)
	b.change(j.ID, func(c *job.Changed, st job.State) {
		b.wantSame("the job that the change sees", b.get(j.ID), c.Job)
		b.wantSame("the state that the change sees", job.State{NextRun: at(60), Live: 1, Queued: 2}, st)
		c.Unchanged = true
	})
}

func testChangeRevision(_ *testing.T, b *bench) {
	j := b.job("")
	expect := func(revision int64) func(*store.ChangeJob) {
		return func(c *store.ChangeJob) { c.IfRevision = revision }
	}
	edit := func(c *job.Changed, _ job.State) { c.Job.Description += "x" }
	for _, revision := range []int64{2, 99} {
		_, err := b.tryChange(j.ID, edit, expect(revision))
		b.wantCode("a change of another revision", err, job.VersionMismatch)
	}
	b.change(j.ID, edit, expect(1))
	_, err := b.tryChange(j.ID, edit, expect(1))
	b.wantCode("a change of an old revision", err, job.VersionMismatch)
	b.change(j.ID, edit, expect(2))
	got := b.get(j.ID)
	wantEqual(b, "revision", got.Revision, 3)
	wantEqual(b, "description", got.Description, "xx")
}

func testChangeRefused(_ *testing.T, b *bench) {
	j := b.job(minutely)
	for _, code := range []job.Code{job.Conflict, job.Invalid, job.Forbidden} {
		_, err := b.tryChange(j.ID, nil, func(c *store.ChangeJob) {
			c.Change = func(cur job.Job, _ job.State) (job.Changed, error) {
				cur.Description = "changed"
				return job.Changed{Job: cur}, job.Errorf(code, "no")
			}
		})
		b.wantCode("a change refused with "+string(code), err, code)
	}
	b.wantSame("the job", j, b.get(j.ID))
}

func testChangeUnchanged(_ *testing.T, b *bench) {
	j := b.job(minutely)
	b.pass(10 * time.Second)
	got := b.change(j.ID, func(c *job.Changed, _ job.State) {
		c.Job.Description, c.Unchanged, c.Event = "changed", true, "scheduler:job.updated"
	})
	b.wantSame("the answer", j, got)
	b.wantSame("the job read again", j, b.get(j.ID))
}

func testChangeRename(t *testing.T, b *bench) {
	j := b.job("", named("old"))
	b.change(j.ID, func(c *job.Changed, _ job.State) { c.Job.Name = "new" })
	if got, err := b.store.Job(b.ctx, b.platform, "new"); err != nil || got.ID != j.ID || got.Seed != j.Seed {
		t.Errorf("Job(new) = %v with seed %q, %v; want %v with seed %q, no error", got.ID, got.Seed, err, j.ID, j.Seed)
	}
	_, err := b.store.Job(b.ctx, b.platform, "old")
	b.wantCode("the old name", err, job.NotFound)
	b.job("", named("old"))
	e := b.trigger(j.ID)
	wantEqual(b, "job_name of an execution", e.JobName, "new")
}

func testChangeRenameTaken(_ *testing.T, b *bench) {
	b.job("", named("taken"))
	j := b.job("", named("mine"))
	rename := func(name string) func(*job.Changed, job.State) {
		return func(c *job.Changed, _ job.State) { c.Job.Name = name }
	}
	_, err := b.tryChange(j.ID, rename("taken"))
	b.wantCode("a rename to a taken name", err, job.Conflict)
	b.wantSame("the job", j, b.get(j.ID))
	b.change(j.ID, rename("mine"))
}

func testChangeNotFound(_ *testing.T, b *bench) {
	called := false
	_, err := b.tryChange(b.newID(), func(*job.Changed, job.State) { called = true })
	b.wantCode("a change of nothing", err, job.NotFound)
	wantEqual(b, "the change was asked", called, false)
}

func testChangePause(_ *testing.T, b *bench) {
	j := b.job(minutely)
	b.pass(90 * time.Second)
	got := b.pause(j.ID)
	wantEqual(b, "status", got.Status, job.JobPaused)
	wantEqual(b, "pause_reason", got.PauseReason, "maintenance")
	b.wantTime("paused_at", got.PausedAt, at(90))
	b.wantTime("next_run", got.NextRun, time.Time{})
	b.wantSame("the job read again", got, b.get(j.ID))
	b.wantSlots(j.ID, at(60), at(60), time.Minute)
	epochs := b.book(j.ID).Epochs
	if len(epochs) != 1 {
		b.Fatalf("the job has %d epochs, want 1", len(epochs))
	}
	b.wantTime("end of the epoch", epochs[0].Until, at(90))
}

func testChangeResume(_ *testing.T, b *bench) {
	j := b.job(minutely)
	b.pause(j.ID)
	b.pass(150 * time.Second)
	got := b.resume(j.ID)
	wantEqual(b, "status", got.Status, job.JobActive)
	b.wantTime("paused_at", got.PausedAt, time.Time{})
	b.wantTime("next_run", got.NextRun, at(180))
	book := b.book(j.ID)
	if len(book.Epochs) != 2 || !book.NextRun.Equal(at(180)) {
		b.Fatalf("%d epochs, cursor %v; want 2, %v", len(book.Epochs), book.NextRun, at(180))
	}
	second := book.Epochs[1]
	b.wantTime("start of the second epoch", &second.After, at(150))
	b.wantTime("end of the second epoch", second.Until, time.Time{})
	wantEqual(b, "reason of the second epoch", second.Reason, "resumed")
	if first := book.Epochs[0]; second.Seq <= first.Seq {
		b.Errorf("epochs have numbers %d and %d, want them to rise", first.Seq, second.Seq)
	}
}

func testChangeReschedule(_ *testing.T, b *bench) {
	j := b.job(minutely)
	b.pass(90 * time.Second)
	got := b.reschedule(j.ID, hourly)
	wantEqual(b, "schedule", got.Schedule, hourly)
	b.wantTime("next_run", got.NextRun, at(3600))
	epochs := b.book(j.ID).Epochs
	if len(epochs) != 2 {
		b.Fatalf("the job has %d epochs, want 2", len(epochs))
	}
	wantEqual(b, "schedule of the first epoch", epochs[0].Schedule, minutely)
	b.wantTime("end of the first epoch", epochs[0].Until, at(90))
	wantEqual(b, "schedule of the second epoch", epochs[1].Schedule, hourly)
	b.wantSlots(j.ID, at(60), at(60), time.Minute)
}

func testChangePlan(t *testing.T, b *bench) {
	j := b.job(minutely, overlapping(job.OverlapQueueAll, 1))
	b.pass(2 * time.Hour)
	b.change(j.ID, func(c *job.Changed, _ job.State) {
		c.Plan = job.Plan{
			Ranges: []job.SkipRange{{From: at(60), To: at(60 * 116), Count: 116, Reason: job.SkipMissed}},
			Skips:  []job.PlannedSkip{{Slot: at(60 * 117), Reason: job.SkipCondition}},
			Runs: []job.PlannedRun{
				{Slot: at(60 * 118), StartAt: b.now, Occurrence: 1, CatchUp: true},
				{Slot: at(60 * 119), StartAt: b.now, Occurrence: 2, Queued: true},
				{Slot: at(60 * 120), StartAt: b.now, Occurrence: 3, Queued: true},
			},
		}
		c.NextRun = at(60 * 121)
	})
	b.wantTime("next_run", b.get(j.ID).NextRun, at(60*121))
	b.wantSlots(j.ID, at(60), at(60*120), time.Minute)
	b.wantCounts(j.ID, 3, 0, 0, 117)
	var queued, catchUps int
	for _, e := range b.executions(j.ID) {
		if e.Status == job.Pending && e.ReadyAt == nil {
			queued++
		}
		if e.CatchUp {
			catchUps++
		}
	}
	if queued != 2 || catchUps != 1 {
		t.Errorf("%d executions are queued and %d catch up, want 2 and 1", queued, catchUps)
	}
	book := b.book(j.ID)
	b.wantSame("numbers, occurrences, rows, skipped", []int64{4, 3, 4}, []int64{book.Numbers, book.Occurrences, book.Rows})
}

// testChangeHolds: nothing of a paused job starts, and nothing is lost by it.
func testChangeHolds(_ *testing.T, b *bench) {
	j := b.job(minutely, overlapping(job.OverlapAllow, 9))
	s := b.session()
	waits, retries, runs := b.trigger(j.ID), b.start(s, j.ID), b.start(s, j.ID)
	soon := func(s *store.Settlement) { s.RetryAt = b.now }
	b.end(s, retries, job.EventRetry, soon)
	b.pause(j.ID)
	b.end(s, runs, job.EventRetry, soon)
	all := []job.ID{waits.ID, retries.ID, runs.ID}
	wantEqual(b, "claimed while the job is paused", len(b.claim(s, all...)), 0)
	for _, id := range all {
		b.wantStatus(id, job.Pending)
	}
	b.resume(j.ID)
	b.wantSame("claimed after the resume", all, claimedIDs(b.claim(s, all...)))
}

func testChangeDropsQueued(_ *testing.T, b *bench) {
	j := b.job("", overlapping(job.OverlapQueueAll, 1))
	s := b.session()
	running := b.start(s, j.ID)
	queued := b.trigger(j.ID)
	b.cancel(j.ID)
	b.wantStatus(queued.ID, job.Cancelled)
	b.wantStatus(running.ID, job.Running)
	b.end(s, running, job.EventSucceed)
	b.wantStatus(queued.ID, job.Cancelled)
	b.wantStatus(running.ID, job.Success)

	ready := b.job("")
	waits := b.trigger(ready.ID)
	b.cancel(ready.ID)
	b.wantStatus(waits.ID, job.Cancelled)
	if got := b.claim(s, waits.ID); len(got) != 0 {
		b.Errorf("an execution of a cancelled job was claimed")
	}
}

func testChangeCancelLive(_ *testing.T, b *bench) {
	j := b.job("", overlapping(job.OverlapAllow, 3))
	s, other := b.session(), b.session()
	first, second := b.start(s, j.ID), b.start(other, j.ID)
	b.cancel(j.ID, func(c *job.Changed) { c.CancelLive = true })
	b.wantSame("cancels of the first session", []job.ID{first.ID}, b.heartbeat(s))
	b.wantSame("cancels of the second session", []job.ID{second.ID}, b.heartbeat(other))
	e := b.wantStatus(first.ID, job.Running)
	b.wantTime("cancel_requested_at", e.CancelRequestedAt, b.now)
	b.end(s, first, job.EventCancel)
	b.wantStatus(first.ID, job.Cancelled)
	if got := b.heartbeat(s); len(got) != 0 {
		b.Errorf("Heartbeat after the execution is over = %v, want none", got)
	}
}

func testChangeDefinition(_ *testing.T, b *bench) {
	j := b.job("", overlapping(job.OverlapAllow, 3))
	s := b.session()
	before := b.start(s, j.ID)
	b.change(j.ID, func(c *job.Changed, _ job.State) { c.Job.HandlerName, c.Job.TimeoutMS = "other", 77 })
	after := b.start(s, j.ID)
	wantEqual(b, "handler of the first claim", before.Job.HandlerName, "noop")
	wantEqual(b, "handler of the second claim", after.Job.HandlerName, "other")
	wantEqual(b, "timeout of the second claim", after.Job.TimeoutMS, 77)
	wantEqual(b, "job_revision of the second", b.execution(after.ID).JobRevision, 2)
}
