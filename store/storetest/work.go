package storetest

import (
	"time"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// lease is how long the tests' sessions hold without a heartbeat.
const lease = 10 * time.Minute

// session opens a session with a lease from now.
func (b *bench) session() int64 {
	b.Helper()
	return b.sessionOf("node-" + b.platform)
}

// sessionOf opens a session of a node.
func (b *bench) sessionOf(node string) int64 {
	b.Helper()
	id := 1_000_003 * b.sessions.Add(1)
	err := b.store.OpenSession(b.ctx, store.Session{
		ID: id, Node: node, Version: "test", StartedAt: b.now, HeartbeatAt: b.now, LeaseUntil: b.now.Add(lease),
	})
	if err != nil {
		b.Fatalf("OpenSession(%d) = %v, want no error", id, err)
	}
	return id
}

func (b *bench) heartbeat(session int64) []job.ID {
	b.Helper()
	return b.beat(session, 0).Cancels
}

// beat sends a heartbeat of a session on whose node so many executions run.
func (b *bench) beat(session int64, running int) store.Pulse {
	b.Helper()
	pulse, err := b.store.Heartbeat(b.ctx, store.Beat{Session: session, Now: b.now, Lease: lease, Running: running})
	if err != nil {
		b.Fatalf("Heartbeat(%d) = %v, want no error", session, err)
	}
	return pulse
}

// trigger runs a job by hand.
func (b *bench) trigger(id job.ID, edits ...func(t *store.Trigger)) job.Execution {
	b.Helper()
	e, _, err := b.tryTrigger(id, edits...)
	if err != nil {
		b.Fatalf("Trigger(%s) = %v, want no error", id, err)
	}
	return e
}

func (b *bench) tryTrigger(id job.ID, edits ...func(t *store.Trigger)) (e job.Execution, replayed bool, err error) {
	t := store.Trigger{Platform: b.platform, Ref: id.String(), Kind: job.TriggerManual, By: "uid:1000", Now: b.now, NewID: b.newID}
	for _, edit := range edits {
		edit(&t)
	}
	made, err := b.store.Trigger(b.ctx, t)
	return made.Execution, made.Replayed, err
}

// claim gives executions to a session.
func (b *bench) claim(session int64, ids ...job.ID) []store.Claimed {
	b.Helper()
	got, err := b.store.Claim(b.ctx, store.Claim{Session: session, IDs: ids, Now: b.now})
	if err != nil {
		b.Fatalf("Claim(%d executions) = %v, want no error", len(ids), err)
	}
	return got.Claimed
}

// take claims one execution, which must work.
func (b *bench) take(session int64, id job.ID) store.Claimed {
	b.Helper()
	got := b.claim(session, id)
	if len(got) != 1 || got[0].ID != id {
		b.Fatalf("Claim(%s) = %d executions, want that one", id, len(got))
	}
	return got[0]
}

// start triggers a job and claims the execution.
func (b *bench) start(session int64, id job.ID) store.Claimed {
	b.Helper()
	return b.take(session, b.trigger(id).ID)
}

// ending returns how an attempt ended that started now: after 1.5 s, well or not.
func (b *bench) ending(session int64, c store.Claimed, event job.Event, edits ...func(s *store.Settlement)) store.Settlement {
	s := store.Settlement{
		ID: c.ID, Session: session, Token: c.Token, Attempt: c.Attempt, Batch: c.Batch, Owner: c.Owner, Ends: c.Ends, Event: event,
		StartedAt: b.now, CompletedAt: b.now.Add(1500 * time.Millisecond),
	}
	switch event {
	case job.EventRetry:
		s.RetryAt = b.now.Add(time.Minute)
		s.Error, s.ErrorClass = "it failed", "exit"
	case job.EventFail, job.EventExpire:
		s.Error, s.ErrorClass = "it failed", "exit"
	}
	for _, edit := range edits {
		edit(&s)
	}
	return s
}

// settle writes how attempts ended; none may be fenced.
func (b *bench) settle(batch ...store.Settlement) store.Settled {
	b.Helper()
	got, err := b.store.Settle(b.ctx, b.now, batch)
	if err != nil || len(got.Fenced) != 0 {
		b.Fatalf("Settle(%d) = fenced %v, %v; want none fenced, no error", len(batch), got.Fenced, err)
	}
	return got
}

// end settles one attempt.
func (b *bench) end(session int64, c store.Claimed, event job.Event, edits ...func(s *store.Settlement)) {
	b.Helper()
	b.settle(b.ending(session, c, event, edits...))
}

// run triggers a job, claims and settles the execution.
func (b *bench) run(session int64, id job.ID, event job.Event) job.Execution {
	b.Helper()
	c := b.start(session, id)
	b.end(session, c, event)
	return b.execution(c.ID)
}

// plan plans what is due now, without a session.
func (b *bench) plan(edits ...func(p *store.PlanDue)) store.Planned {
	b.Helper()
	p := store.PlanDue{Now: b.now, Limit: 1000, Policy: job.DefaultPolicy(), NewID: b.newID}
	for _, edit := range edits {
		edit(&p)
	}
	got, err := b.store.PlanDue(b.ctx, p)
	if err != nil {
		b.Fatalf("PlanDue at %v = %v, want no error", p.Now, err)
	}
	return got
}

// flood makes n executions wait, of one job of low priority that has no further
// slots, and moves the clock to the last of them.
func (b *bench) flood(n int, edits ...func(*job.Job)) job.Job {
	b.Helper()
	end := b.now.Add(time.Duration(n+1) * time.Second)
	j := b.job(secondly, append([]func(*job.Job){
		prioritised(job.PriorityLow), overlapping(job.OverlapAllow, n), func(j *job.Job) { j.EndDate = &end },
	}, edits...)...)
	b.pass(time.Duration(n) * time.Second)
	got := b.plan(func(p *store.PlanDue) { p.Policy.MisfireThreshold = time.Duration(n+1) * time.Second })
	if got.Waiting != n {
		b.Fatalf("PlanDue made %d executions, want %d", got.Waiting, n)
	}
	return j
}

// born lets the session take what PlanDue makes.
func born(session int64) func(p *store.PlanDue) {
	return func(p *store.PlanDue) { p.Session, p.Take = session, func(*job.Job) bool { return true } }
}

// reap reaps until nothing is left.
func (b *bench) reap() store.Reaped {
	b.Helper()
	var sum store.Reaped
	for {
		got, err := b.store.Reap(b.ctx, b.now, 1000)
		if err != nil {
			b.Fatalf("Reap at %v = %v, want no error", b.now, err)
		}
		sum.Sessions += got.Sessions
		sum.Restarted += got.Restarted
		sum.Failed += got.Failed
		if !got.More {
			return sum
		}
	}
}

// lose lets the leases of all sessions run out and reaps them.
func (b *bench) lose() store.Reaped {
	b.Helper()
	b.pass(lease + time.Second)
	return b.reap()
}

// change changes a job; fn edits the job as it becomes.
func (b *bench) change(id job.ID, fn func(c *job.Changed, st job.State), edits ...func(c *store.ChangeJob)) job.Job {
	b.Helper()
	j, err := b.tryChange(id, fn, edits...)
	if err != nil {
		b.Fatalf("ChangeJob(%s) = %v, want no error", id, err)
	}
	return j
}

func (b *bench) tryChange(id job.ID, fn func(c *job.Changed, st job.State), edits ...func(c *store.ChangeJob)) (job.Job, error) {
	c := store.ChangeJob{
		Platform: b.platform, Ref: id.String(), Now: b.now, By: "uid:0", NewID: b.newID,
		Change: func(cur job.Job, st job.State) (job.Changed, error) {
			changed := job.Changed{Job: cur, NextRun: st.NextRun}
			fn(&changed, st)
			return changed, nil
		},
	}
	for _, edit := range edits {
		edit(&c)
	}
	return b.store.ChangeJob(b.ctx, c)
}

// account plans the slots up to now under the definition as it was, and closes its
// epoch where they end.
func (b *bench) account(c *job.Changed, st job.State) {
	b.Helper()
	s, err := job.Compile(&c.Job)
	if err != nil {
		b.Fatalf("job.Compile = %v, want no error", err)
	}
	job.MakePlan(&c.Job, s, st, b.now, job.DefaultPolicy(), &c.Plan)
	until := b.now
	if c.Plan.Ended {
		until = c.Plan.EndedAt
	}
	c.CloseEpoch = &until
}

// reschedule gives a job another schedule, from now.
func (b *bench) reschedule(id job.ID, schedule string) job.Job {
	b.Helper()
	return b.change(id, func(c *job.Changed, st job.State) {
		b.account(c, st)
		c.Job.Schedule = schedule
		c.Open = b.opening(&c.Job, "rescheduled")
		c.NextRun = c.Open.NextRun
		c.Event = "scheduler:job.updated"
	})
}

// pause ends the planning of a job.
func (b *bench) pause(id job.ID) job.Job {
	b.Helper()
	return b.change(id, func(c *job.Changed, st job.State) {
		b.account(c, st)
		c.Job.Status, c.Job.PausedAt, c.Job.PauseReason = job.JobPaused, &b.now, "maintenance"
		c.NextRun = time.Time{}
		c.Event = "scheduler:job.paused"
	})
}

// resume starts the planning of a job again, from now.
func (b *bench) resume(id job.ID) job.Job {
	b.Helper()
	return b.change(id, func(c *job.Changed, _ job.State) {
		c.Job.Status, c.Job.PausedAt, c.Job.PauseReason = job.JobActive, nil, ""
		c.Open = b.opening(&c.Job, "resumed")
		if c.Open != nil {
			c.NextRun = c.Open.NextRun
		}
		c.Event = "scheduler:job.resumed"
	})
}

// cancel ends a job for good.
func (b *bench) cancel(id job.ID, edits ...func(c *job.Changed)) job.Job {
	b.Helper()
	return b.change(id, func(c *job.Changed, st job.State) {
		b.account(c, st)
		c.Job.Status, c.Job.CancelledAt = job.JobCancelled, &b.now
		c.NextRun = time.Time{}
		c.DropQueued = true
		c.Event = "scheduler:job.cancelled"
		for _, edit := range edits {
			edit(c)
		}
	})
}

// remove marks a job as deleted.
func (b *bench) remove(id job.ID) job.Job {
	b.Helper()
	return b.cancel(id, func(c *job.Changed) { c.Job.DeletedAt = &b.now })
}
