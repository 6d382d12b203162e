package postgres_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/postgres"
)

// rig is a store with secondly jobs, a session, and a clock of its own.
type rig struct {
	testing.TB
	*postgres.Store
	ids     *job.IDs
	now     time.Time
	session int64
}

func newRig(tb testing.TB, s *postgres.Store, jobs int, edits ...func(*job.Job)) *rig {
	tb.Helper()
	r := &rig{TB: tb, Store: s, ids: &job.IDs{Rand: rand.Reader}, now: time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC), session: 7}
	for i := range jobs {
		r.secondly(fmt.Sprintf("job%d", i), edits...)
	}
	r.open(r.session)
	return r
}

func (r *rig) newID() job.ID { return r.ids.New(r.now) }

func (r *rig) open(session int64) {
	r.Helper()
	if err := r.OpenSession(context.Background(), store.Session{ID: session, Node: "n", StartedAt: r.now, LeaseUntil: r.now.AddDate(10, 0, 0)}); err != nil {
		r.Fatal(err)
	}
}

func (r *rig) secondly(name string, edits ...func(*job.Job)) job.Job {
	r.Helper()
	j := job.Job{
		ID: r.newID(), Platform: job.DefaultPlatform, Status: job.JobActive, Revision: 1, Anchor: r.now, Seed: name, CreatedBy: "test", CreatedAt: r.now, UpdatedAt: r.now,
		Spec: job.Spec{
			Name: name, Type: job.TypeCron, Schedule: "* * * * * *", Timezone: "UTC", DSTPolicy: "once", Misfire: job.MisfireFireOnce,
			HandlerName: "noop", HandlerType: job.HandlerFunction, Priority: job.PriorityMedium, Concurrency: 1, Overlap: job.OverlapSkip, OnLost: job.OnLostRetry,
		},
	}
	for _, edit := range edits {
		edit(&j)
	}
	open, err := job.Open(j, r.now, "created")
	if err != nil {
		r.Fatal(err)
	}
	created, _, err := r.CreateJob(context.Background(), store.CreateJob{Job: j, Open: &open, Now: r.now})
	if err != nil {
		r.Fatal(err)
	}
	return created
}

func (r *rig) plan(limit int, born bool) store.Planned {
	p := store.PlanDue{Now: r.now, Limit: limit, Policy: job.DefaultPolicy(), NewID: r.newID}
	if born {
		p.Session, p.Take = r.session, func(*job.Job) bool { return true }
	}
	planned, err := r.PlanDue(context.Background(), p)
	if err != nil {
		r.Fatal(err)
	}
	return planned
}

func (r *rig) settle(claimed []store.Claimed) {
	r.Helper()
	settled, err := r.Settle(context.Background(), r.now, succeeded(r.session, r.now, claimed))
	if err != nil || len(settled.Fenced) > 0 {
		r.Fatal(err, settled)
	}
}

// succeeded returns how the attempts ended: well.
func succeeded(session int64, now time.Time, claimed []store.Claimed) []store.Settlement {
	batch := make([]store.Settlement, 0, len(claimed))
	for i := range claimed {
		c := &claimed[i]
		batch = append(batch, store.Settlement{
			ID: c.ID, Session: session, Token: c.Token, Attempt: c.Attempt, Batch: c.Batch, Owner: c.Owner, Ends: c.Ends, Event: job.EventSucceed,
			StartedAt: now, CompletedAt: now,
		})
	}
	return batch
}

// remove purges a job.
func (r *rig) remove(name string) {
	r.Helper()
	if err := r.PurgeJob(context.Background(), job.DefaultPlatform, name, r.now, "test"); err != nil {
		r.Fatal(err)
	}
}
