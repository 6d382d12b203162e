package storetest

import (
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

func testBorn(t *testing.T, b *bench) {
	j := b.job(minutely, func(j *job.Job) { j.HandlerName = "born" })
	s := b.session()
	b.now = at(60.25)
	got := b.plan(born(s))
	if len(got.Claimed) != 1 || got.Waiting != 0 || got.Jobs != 1 {
		t.Fatalf("PlanDue = %d claimed, %d waiting, %d jobs; want 1, 0, 1", len(got.Claimed), got.Waiting, got.Jobs)
	}
	c := got.Claimed[0]
	if c.Job == nil || c.Job.ID != j.ID || c.Job.HandlerName != "born" {
		t.Errorf("the claim has job %+v, want the definition", c.Job)
	}
	want := store.Claimed{
		ID: c.ID, Job: c.Job, Number: 1, Attempt: 1, Token: 1, Batch: c.Batch, Owner: c.Owner, Ends: c.Ends,
		ScheduledAt: at(60), CreatedAt: b.now, Occurrence: 1, Trigger: job.TriggerSchedule,
	}
	b.wantSame("the claim", want, c)
	e := b.wantStatus(c.ID, job.Running)
	wantEqual(b, "token", e.Token, c.Token)
	wantEqual(b, "attempt", e.Attempt, 1)
	wantEqual(b, "worker_id", e.WorkerID, "node-"+b.platform)
	b.wantTime("ready_at", e.ReadyAt, time.Time{})
	if again := b.claim(b.session(), c.ID); len(again) != 0 {
		t.Error("another session claimed an execution that was born claimed")
	}
	b.end(s, c, job.EventSucceed)
	b.wantStatus(c.ID, job.Success)
	b.wantCounts(j.ID, 1, 1, 0, 0)
}

func testBornRefused(t *testing.T, b *bench) {
	for range 5 {
		b.job(minutely)
	}
	s := b.session()
	b.now = at(60)
	var asked int
	got := b.plan(func(p *store.PlanDue) {
		p.Session, p.Take = s, func(def *job.Job) bool {
			if def == nil || def.Name == "" {
				t.Error("Take was asked without a definition")
			}
			asked++
			return asked <= 2
		}
	})
	if len(got.Claimed) != 2 || got.Waiting != 3 || asked != 5 {
		t.Errorf("PlanDue = %d claimed, %d waiting, asked %d times; want 2, 3, 5", len(got.Claimed), got.Waiting, asked)
	}
	waiting, err := b.store.Waiting(b.ctx, b.now, 10)
	if err != nil || len(waiting) != 3 {
		t.Errorf("Waiting() = %d, %v; want 3, no error", len(waiting), err)
	}
}

func testBornJitter(t *testing.T, b *bench) {
	j := b.job(minutely, func(j *job.Job) { j.JitterMS, j.Seed = 30_000, "seed" })
	b.now = at(60)
	if got := b.plan(born(b.session())); len(got.Claimed) != 0 || got.Waiting != 1 {
		t.Errorf("PlanDue = %d claimed, %d waiting; want 0, 1", len(got.Claimed), got.Waiting)
	}
	b.wantStatus(b.executions(j.ID)[0].ID, job.Pending)
}

func testBornQueued(t *testing.T, b *bench) {
	j := b.job(secondly, overlapping(job.OverlapQueueAll, 1))
	b.now = at(3)
	got := b.plan(born(b.session()))
	if len(got.Claimed) != 1 || got.Waiting != 2 {
		t.Errorf("PlanDue = %d claimed, %d waiting; want 1, 2", len(got.Claimed), got.Waiting)
	}
	b.wantSame("statuses", []job.Status{job.Running, job.Pending, job.Pending}, b.statuses(j.ID))
}

// testBornDead: a session that was reaped believes that it lives. What it is given
// would run nowhere.
func testBornDead(t *testing.T, b *bench) {
	dead := b.session()
	b.lose()
	j := b.job(minutely)
	b.pass(time.Minute)
	p := store.PlanDue{Now: b.now, Limit: 10, Policy: job.DefaultPolicy(), NewID: b.newID}
	born(dead)(&p)
	got, err := b.store.PlanDue(b.ctx, p)
	if len(got.Claimed) != 0 {
		t.Errorf("PlanDue gave %d executions to a dead session, want none", len(got.Claimed))
	}
	if err != nil {
		b.wantCode("PlanDue for a dead session", err, job.Conflict)
		b.plan()
	}
	e := b.executions(j.ID)
	if len(e) != 1 || e[0].Status != job.Pending {
		t.Errorf("executions are %v, want one that waits", b.statuses(j.ID))
	}
}
