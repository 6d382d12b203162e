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

// BenchmarkSlotToSettled is one execution's whole way through the store: planned and
// born claimed, settled, its counters and events written. 1 000 secondly jobs.
func BenchmarkSlotToSettled(b *testing.B) {
	const jobs = 1000
	r := newRig(b, open(b, postgres.Options{URL: database(b, false)}), jobs)
	var planning, settling time.Duration
	b.ResetTimer()
	for done := 0; done < b.N; done += jobs {
		r.now = r.now.Add(time.Second)
		start := time.Now()
		planned := r.plan(jobs, true)
		if len(planned.Claimed) != jobs {
			b.Fatalf("claimed %d of %d", len(planned.Claimed), jobs)
		}
		planning += time.Since(start)
		start = time.Now()
		r.settle(planned.Claimed)
		settling += time.Since(start)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "executions/s")
	b.ReportMetric(float64(planning.Microseconds())/float64(b.N), "plan-µs")
	b.ReportMetric(float64(settling.Microseconds())/float64(b.N), "settle-µs")
}

// BenchmarkWaitingToSettled claims and settles executions that wait.
func BenchmarkWaitingToSettled(b *testing.B) {
	const batch = 1000
	r := newRig(b, open(b, postgres.Options{URL: database(b, false)}), batch, func(j *job.Job) { j.Overlap, j.Concurrency, j.AllowOverlap = job.OverlapAllow, 1<<20, true })
	for made := 0; made < b.N; made += batch {
		r.now = r.now.Add(time.Second)
		r.plan(batch, false)
	}
	var window, claiming, settling time.Duration
	b.ResetTimer()
	for done := 0; done < b.N; {
		start := time.Now()
		waiting, err := r.Waiting(context.Background(), r.now, batch)
		if err != nil || len(waiting) == 0 {
			b.Fatal(len(waiting), err)
		}
		window += time.Since(start)
		start = time.Now()
		ids := make([]job.ID, len(waiting))
		for i := range waiting {
			ids[i] = waiting[i].ID
		}
		claimed, err := r.Claim(context.Background(), store.Claim{Session: r.session, IDs: ids, Now: r.now})
		if err != nil || len(claimed) != len(ids) {
			b.Fatal(len(claimed), err)
		}
		claiming += time.Since(start)
		start = time.Now()
		r.settle(claimed)
		settling += time.Since(start)
		done += len(claimed)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "executions/s")
	b.ReportMetric(float64(window.Microseconds())/float64(b.N), "window-µs")
	b.ReportMetric(float64(claiming.Microseconds())/float64(b.N), "claim-µs")
	b.ReportMetric(float64(settling.Microseconds())/float64(b.N), "settle-µs")
}

// remove purges a job.
func (r *rig) remove(name string) {
	r.Helper()
	if err := r.PurgeJob(context.Background(), job.DefaultPlatform, name, r.now, "test"); err != nil {
		r.Fatal(err)
	}
}
