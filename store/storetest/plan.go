package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// planTests are about PlanDue.
func planTests() []test {
	return []test{
		{"a due slot becomes one waiting execution", testPlanOne},
		{"a slot is due at its instant and not before", testPlanEarly},
		{"planning twice changes nothing", testPlanTwice},
		{"run numbers count up", testPlanNumbers},
		{"the limit bounds the jobs of one call", testPlanLimit},
		{"the newest due come first when asked for", testPlanNewest},
		{"late slots fire", testPlanLate},
		{"fire_once runs the latest missed slot", testPlanFireOnce},
		{"a grace narrows fire_once", testPlanGrace},
		{"fire_all runs the newest, oldest of them first", testPlanFireAll},
		{"skip runs nothing that was missed", testPlanSkips},
		{"a long outage is one range", testPlanRange},
		{"an outage of fifty years is planned at once", testPlanCentury},
		{"a slot that has a record keeps it", testPlanTaken},
		{"jitter moves the start and not the slot", testPlanJitter},
		{"a late one-time job fires", testPlanOnceLate},
		{"paused, cancelled and deleted jobs are not planned", testPlanInactive},
		{"a job that cannot be read is set aside", testPlanBroken},
		{"a session may be given runs at birth", testBorn},
		{"what is not taken waits", testBornRefused},
		{"what starts later is not given at birth", testBornJitter},
		{"what waits for another run is not given at birth", testBornQueued},
		{"a dead session is given nothing", testBornDead},
		{"the earliest slot is known", testNextDue},
		{"the earliest retry or moved start is known", testNextReady},
		{"warming changes nothing", testWarm},
	}
}

func testPlanOne(_ *testing.T, b *bench) {
	j := b.job(minutely)
	b.pass(time.Minute + 250*time.Millisecond)
	b.wantSame("PlanDue", store.Planned{Jobs: 1, Waiting: 1}, b.plan())
	got := b.executions(j.ID)
	if len(got) != 1 {
		b.Fatalf("the job has %d executions, want 1", len(got))
	}
	want := job.Execution{
		ID: got[0].ID, JobID: j.ID, JobName: j.Name, RunNumber: 1, Platform: b.platform, PlatformID: &b.platform,
		Status: job.Pending, Trigger: job.TriggerSchedule, ScheduledAt: at(60), ReadyAt: got[0].ReadyAt,
		MaxRetries: 3, Occurrence: 1, JobRevision: 1, CreatedAt: b.now, TraceID: got[0].TraceID, SpanID: got[0].SpanID,
	}
	b.wantSame("the execution", want, got[0])
	b.wantSame("the execution read alone", want, b.execution(got[0].ID))
	if ready := got[0].ReadyAt; ready == nil || ready.After(b.now) || ready.Before(at(60)) {
		b.Errorf("ready_at = %v, want an instant from the slot to now", ready)
	}
	after := b.get(j.ID)
	b.wantTime("next_run", after.NextRun, at(120))
	wantEqual(b, "revision", after.Revision, 1)
	b.wantCounts(j.ID, 1, 0, 0, 0)
}

func testPlanEarly(_ *testing.T, b *bench) {
	j := b.job(minutely)
	b.now = at(60).Add(-time.Microsecond)
	b.wantSame("PlanDue a microsecond early", store.Planned{}, b.plan())
	b.now = at(60)
	b.wantSame("PlanDue on time", store.Planned{Jobs: 1, Waiting: 1}, b.plan())
	b.wantSlots(j.ID, at(60), at(60), time.Minute)
}

func testPlanTwice(_ *testing.T, b *bench) {
	j := b.job(minutely)
	b.now = at(60)
	b.plan()
	before := b.get(j.ID)
	b.wantSame("PlanDue again", store.Planned{}, b.plan())
	b.now = at(30) // the clock went back
	b.wantSame("PlanDue after the clock went back", store.Planned{}, b.plan())
	b.wantSame("the job", before, b.get(j.ID))
	b.wantSlots(j.ID, at(60), at(60), time.Minute)
}

func testPlanNumbers(_ *testing.T, b *bench) {
	j := b.job(secondly, overlapping(job.OverlapAllow, 100))
	for range 3 {
		b.pass(2 * time.Second)
		b.plan()
		b.trigger(j.ID)
	}
	var numbers, occurrences []int64
	for _, e := range b.executions(j.ID) {
		numbers = append(numbers, e.RunNumber)
		occurrences = append(occurrences, e.Occurrence)
	}
	b.wantSame("run numbers", []int64{1, 2, 3, 4, 5, 6, 7, 8, 9}, numbers)
	b.wantSame("occurrences", []int64{1, 2, 0, 3, 4, 0, 5, 6, 0}, occurrences)
}

func testPlanLimit(_ *testing.T, b *bench) {
	for range 5 {
		b.job(minutely)
	}
	b.now = at(60)
	limit := func(p *store.PlanDue) { p.Limit = 3 }
	b.wantSame("first PlanDue", store.Planned{Jobs: 3, Waiting: 3, More: true}, b.plan(limit))
	second := b.plan(limit)
	wantEqual(b, "jobs of the second PlanDue", second.Jobs, 2)
	wantEqual(b, "more after the second PlanDue", second.More, false)
}

func testPlanLate(_ *testing.T, b *bench) {
	j := b.job("*/10 * * * * *", overlapping(job.OverlapAllow, 100))
	b.now = at(69)
	b.wantSame("PlanDue", store.Planned{Jobs: 1, Waiting: 6}, b.plan())
	b.wantSlots(j.ID, at(10), at(60), 10*time.Second)
	b.wantCounts(j.ID, 6, 0, 0, 0)
}

// missed plans a minutely job after an outage of ten minutes and eleven seconds.
func (b *bench) missed(edits ...func(*job.Job)) job.Job {
	b.Helper()
	j := b.job(minutely, append([]func(*job.Job){overlapping(job.OverlapAllow, 100)}, edits...)...)
	b.now = at(611)
	b.plan()
	b.wantSlots(j.ID, at(60), at(600), time.Minute)
	b.wantTime("next_run", b.get(j.ID).NextRun, at(660))
	return j
}

// slots returns the slots of a job whose record has the status.
func (b *bench) slots(id job.ID, status job.Status) []time.Time {
	b.Helper()
	var out []time.Time
	for _, e := range b.entries(id, Base, b.now) {
		if e.Range == nil && e.Status == status {
			out = append(out, e.Slot)
		}
	}
	return out
}

func testPlanFireOnce(_ *testing.T, b *bench) {
	j := b.missed()
	b.wantSame("slots that run", []time.Time{at(540), at(600)}, b.slots(j.ID, job.Pending))
	b.wantCounts(j.ID, 2, 0, 0, 8)
	for _, e := range b.executions(j.ID) {
		switch {
		case e.Status == job.Skipped:
			wantEqual(b, "skip_reason", e.SkipReason, job.SkipMissed)
		case e.CatchUp != e.ScheduledAt.Equal(at(540)):
			b.Errorf("slot %v has catch_up %t", e.ScheduledAt, e.CatchUp)
		}
	}
}

func testPlanGrace(_ *testing.T, b *bench) {
	narrow := b.missed(func(j *job.Job) { j.MisfireGrace = ptr(int64(70_000)) })
	b.wantSame("slots that run within a short grace", []time.Time{at(600)}, b.slots(narrow.ID, job.Pending))
	b.now = Base
	wide := b.missed(func(j *job.Job) { j.MisfireGrace = ptr(int64(72_000)) })
	b.wantSame("slots that run within a long grace", []time.Time{at(540), at(600)}, b.slots(wide.ID, job.Pending))
}

func testPlanFireAll(t *testing.T, b *bench) {
	j := b.job(minutely, func(j *job.Job) { j.Misfire = job.MisfireFireAll })
	b.now = at(600 * 60)
	got := b.plan()
	b.wantSlots(j.ID, at(60), at(600*60), time.Minute)
	var ran []job.Execution
	for _, e := range b.executions(j.ID) {
		if e.CatchUp {
			ran = append(ran, e)
		}
	}
	if len(ran) != job.DefaultPolicy().CatchUpMax {
		t.Fatalf("%d missed slots run, want %d", len(ran), job.DefaultPolicy().CatchUpMax)
	}
	for i := range ran {
		if want := at(float64(60 * (500 + i))); !ran[i].ScheduledAt.Equal(want) {
			t.Errorf("missed run %d is of slot %v, want %v", i, ran[i].ScheduledAt, want)
			break
		}
		if queued := ran[i].ReadyAt == nil; queued != (i > 0) {
			t.Errorf("missed run %d waits for another: %t, want all but the first to", i, queued)
			break
		}
	}
	wantEqual(b, "skipped", got.Skipped, 499)
}

func testPlanSkips(_ *testing.T, b *bench) {
	j := b.missed(func(j *job.Job) { j.Misfire = job.MisfireSkip })
	b.wantSame("slots that run", []time.Time{at(600)}, b.slots(j.ID, job.Pending))
	b.wantCounts(j.ID, 1, 0, 0, 9)
}

func testPlanRange(t *testing.T, b *bench) {
	j := b.job(minutely)
	b.now = at(10 * 86_400)
	got := b.plan()
	b.wantSlots(j.ID, at(60), b.now, time.Minute)
	entries := b.entries(j.ID, Base, b.now)
	if len(entries) > 5 {
		t.Errorf("the outage left %d records, want one range and few more", len(entries))
	}
	first := entries[0]
	if first.Range == nil || first.Range.Reason != job.SkipMissed || !first.Range.From.Equal(at(60)) {
		t.Errorf("first record is %+v, want a range of missed slots", first)
	}
	wantEqual(b, "skipped + runs", got.Skipped+int64(got.Waiting), 10*1440)
	j = b.get(j.ID)
	wantEqual(b, "skipped_count", j.SkippedCount, got.Skipped)
	wantEqual(b, "executions_count", j.ExecutionsCount, int64(got.Waiting))
}

func testPlanCentury(t *testing.T, b *bench) {
	j := b.job(secondly)
	b.now = Base.AddDate(50, 0, 0)
	start := time.Now()
	b.plan()
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("planning took %v, want a moment", took)
	}
	b.wantSlots(j.ID, at(1), b.now, time.Second)
}

// testPlanTaken: the cursor of a job stands before a slot that was planned already,
// as after a restore from a backup.
func testPlanTaken(_ *testing.T, b *bench) {
	j := b.job(minutely, overlapping(job.OverlapAllow, 9))
	b.change(j.ID, func(c *job.Changed, st job.State) {
		c.Plan.Runs = []job.PlannedRun{{Slot: at(60), StartAt: at(60), Occurrence: 1}}
		c.NextRun = st.NextRun
	})
	before := b.executions(j.ID)
	b.now = at(120)
	got := b.plan(born(b.session()))
	if len(got.Claimed) != 1 || !got.Claimed[0].ScheduledAt.Equal(at(120)) || len(got.Untaken) != 1 {
		b.Errorf("PlanDue = %d claimed, %d untaken; want slot %v and one untaken", len(got.Claimed), len(got.Untaken), at(120))
	}
	b.wantSlots(j.ID, at(60), at(120), time.Minute)
	after := b.executions(j.ID)
	b.wantSame("the execution of the first slot", before[0], after[0])
	wantEqual(b, "executions", len(after), 2)
	b.wantCounts(j.ID, 2, 0, 0, 0)
	b.wantTime("next_run", b.get(j.ID).NextRun, at(180))
}

func testPlanJitter(t *testing.T, b *bench) {
	j := b.job(minutely, func(j *job.Job) { j.JitterMS = 30_000; j.Seed = "seed" })
	b.now = at(60)
	b.plan()
	e := b.executions(j.ID)[0]
	wantEqual(b, "scheduled_at", e.ScheduledAt, at(60))
	want := at(60).Add(job.Jitter("seed", at(60), 30_000))
	if !want.After(at(60)) {
		t.Fatalf("the jitter of the test's seed is zero: choose another")
	}
	b.wantTime("ready_at", e.ReadyAt, want)
	if got := b.claim(b.session(), e.ID); len(got) != 0 {
		t.Error("the execution was claimed before its start")
	}
	b.wantTime("next_run", b.get(j.ID).NextRun, at(120))
}

func testPlanOnceLate(_ *testing.T, b *bench) {
	late := b.once(at(10), func(j *job.Job) { j.Misfire = job.MisfireFireOnce })
	past := b.once(at(-30))
	b.now = at(3 * 3600)
	b.wantSame("PlanDue", store.Planned{Jobs: 2, Waiting: 2}, b.plan())
	for _, j := range []job.Job{late, past} {
		e := b.executions(j.ID)
		if len(e) != 1 || e[0].Status != job.Pending || !e[0].ScheduledAt.Equal(*j.ExecuteAt) {
			b.Errorf("executions are %+v, want one waiting for slot %v", e, *j.ExecuteAt)
		}
		b.wantTime("next_run", b.get(j.ID).NextRun, time.Time{})
	}
}

func testPlanInactive(_ *testing.T, b *bench) {
	b.job(minutely, paused)
	b.pause(b.job(minutely).ID)
	b.cancel(b.job(minutely).ID)
	b.remove(b.job(minutely).ID)
	b.pass(time.Hour)
	b.wantSame("PlanDue", store.Planned{}, b.plan())
}

func testPlanBroken(t *testing.T, b *bench) {
	faults := []func(*job.Job){
		func(j *job.Job) { j.Schedule = "not a schedule" },
		func(j *job.Job) { j.Timezone = "Mars/Olympus" },
	}
	var broken []job.ID
	for i, fault := range faults {
		j := b.build(minutely, named(fmt.Sprintf("broken-%d", i)))
		opening := b.opening(&j, "created")
		fault(&j)
		if _, _, err := b.store.CreateJob(b.ctx, store.CreateJob{Job: j, Open: opening, Now: b.now}); err != nil {
			t.Fatalf("CreateJob = %v, want no error: the store does not judge schedules", err)
		}
		broken = append(broken, j.ID)
	}
	good := b.job(minutely)
	b.now = at(60)
	got := b.plan()
	b.wantSame("waiting and broken", []int{1, 2}, []int{got.Waiting, got.Broken})
	for _, id := range broken {
		j := b.get(id)
		if j.Status != job.JobError || j.StatusReason == "" || j.NextRun != nil {
			t.Errorf("the broken job is %s (%q) with next_run %v, want error with a reason and none", j.Status, j.StatusReason, j.NextRun)
		}
	}
	b.wantSlots(good.ID, at(60), at(60), time.Minute)
	b.pass(time.Minute)
	wantEqual(b, "jobs broken again", b.plan().Broken, 0)
}

func (b *bench) wantInstant(what string, got time.Time, err error, want time.Time) {
	b.Helper()
	if err != nil || !got.Equal(want) {
		b.Errorf("%s = %v, %v; want %v, no error", what, got, err, want)
	}
}

func testNextDue(_ *testing.T, b *bench) {
	want := func(when time.Time) {
		b.Helper()
		got, err := b.store.NextDue(b.ctx)
		b.wantInstant("NextDue()", got, err, when)
	}
	b.job(hourly)
	want(at(3600))
	j := b.job(minutely)
	want(at(60))
	b.job("", paused)
	b.trigger(b.job("").ID)
	want(at(60))
	b.now = at(60)
	b.plan()
	want(at(120))
	b.pause(j.ID)
	want(at(3600))
	b.resume(j.ID)
	want(at(120))
	b.cancel(j.ID)
	want(at(3600))
}

func testNextReady(_ *testing.T, b *bench) {
	want := func(now, when time.Time) {
		b.Helper()
		got, err := b.store.NextReady(b.ctx, now)
		b.wantInstant("NextReady()", got, err, when)
	}
	s := b.session()
	b.job(minutely)
	j := b.job("", overlapping(job.OverlapQueueAll, 1))
	e := b.trigger(j.ID)
	b.trigger(j.ID) // queued
	want(Base, time.Time{})
	want(Base.Add(-time.Second), Base)
	b.end(s, b.take(s, e.ID), job.EventRetry)
	want(Base, at(60))
	want(at(60), time.Time{})
	moved := b.job(minutely, func(j *job.Job) { j.JitterMS, j.Seed = 30_000, "seed" })
	b.now = at(60)
	b.plan()
	start := at(60).Add(job.Jitter("seed", at(60), 30_000))
	want(at(60), start)
	want(start, time.Time{})
	b.cancelExecution(b.executions(moved.ID)[0].ID)
	want(at(60), time.Time{})
}

func testWarm(_ *testing.T, b *bench) {
	j := b.job(minutely)
	for _, until := range []time.Time{Base, at(60), at(1e6)} {
		if err := b.store.Warm(b.ctx, until, 10); err != nil {
			b.Errorf("Warm(%v) = %v, want no error", until, err)
		}
	}
	b.wantSame("the job", j, b.get(j.ID))
	b.change(j.ID, func(c *job.Changed, _ job.State) { c.Job.HandlerName = "changed" })
	b.now = at(60)
	got := b.plan(born(b.session())).Claimed
	if len(got) != 1 || got[0].Job.HandlerName != "changed" {
		b.Errorf("born claimed are %+v, want one of the definition as it is now", got)
	}
}

func testPlanNewest(_ *testing.T, b *bench) {
	old := b.once(b.now.Add(time.Second))
	late := b.once(b.now.Add(3 * time.Second))
	b.pass(4 * time.Second)
	newest := func(p *store.PlanDue) { p.Newest, p.Limit = true, 1 }
	wantEqual(b, "planned", b.plan(newest).Jobs, 1)
	wantEqual(b, "executions of the newer", len(b.executions(late.ID)), 1)
	wantEqual(b, "executions of the older", len(b.executions(old.ID)), 0)
	wantEqual(b, "planned then", b.plan(newest).Jobs, 1)
	wantEqual(b, "executions of the older then", len(b.executions(old.ID)), 1)
}
