package sqlite

import (
	"context"
	"crypto/rand"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// BenchmarkSlotToSettled is one execution's whole way through the store: planned and
// born claimed, settled, its counters and events written. 1 000 secondly jobs.
func BenchmarkSlotToSettled(b *testing.B) {
	ctx := context.Background()
	s, err := Open(ctx, Options{Path: filepath.Join(b.TempDir(), "bench.db"), Instance: "bench"})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	ids := &job.IDs{Rand: rand.Reader}
	now := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	newID := func() job.ID { return ids.New(now) }
	const jobs = 1000
	for i := range jobs {
		createSecondly(b, s, newID(), fmt.Sprintf("job%d", i), now)
	}
	if err := s.OpenSession(ctx, store.Session{ID: 7, Node: "n", StartedAt: now, LeaseUntil: now.Add(time.Hour)}); err != nil {
		b.Fatal(err)
	}
	take := func(*job.Job) bool { return true }
	b.ResetTimer()
	for done := 0; done < b.N; {
		now = now.Add(time.Second)
		planned, err := s.PlanDue(ctx, store.PlanDue{Now: now, Limit: jobs, Policy: job.DefaultPolicy(), NewID: newID, Session: 7, Take: take})
		if err != nil {
			b.Fatal(err)
		}
		if len(planned.Claimed) != jobs {
			b.Fatalf("claimed %d of %d", len(planned.Claimed), jobs)
		}
		batch := make([]store.Settlement, 0, jobs)
		for i := range planned.Claimed {
			c := &planned.Claimed[i]
			batch = append(batch, store.Settlement{ID: c.ID, Session: 7, Token: c.Token, Attempt: c.Attempt, Batch: c.Batch, Owner: c.Owner, Event: job.EventSucceed, StartedAt: now, CompletedAt: now})
		}
		settled, err := s.Settle(ctx, now, batch)
		if err != nil || len(settled.Fenced) > 0 {
			b.Fatal(err, settled)
		}
		done += jobs
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "executions/s")
}

func createSecondly(tb testing.TB, s *Store, id job.ID, name string, now time.Time) {
	tb.Helper()
	j := job.Job{
		ID: id, Platform: job.DefaultPlatform, Status: job.JobActive, Revision: 1, Anchor: now, Seed: name, CreatedBy: "test", CreatedAt: now, UpdatedAt: now,
		Spec: job.Spec{
			Name: name, Type: job.TypeCron, Schedule: "* * * * * *", Timezone: "UTC", DSTPolicy: "once", Misfire: job.MisfireFireOnce,
			HandlerName: "noop", HandlerType: job.HandlerFunction, Priority: job.PriorityMedium, Concurrency: 1, Overlap: job.OverlapSkip, OnLost: job.OnLostRetry,
		},
	}
	open, err := job.Open(j, now, "created")
	if err != nil {
		tb.Fatal(err)
	}
	if _, _, err := s.CreateJob(context.Background(), store.CreateJob{Job: j, Open: &open, Now: now}); err != nil {
		tb.Fatal(err)
	}
}
