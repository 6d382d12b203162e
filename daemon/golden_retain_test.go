package daemon_test

import (
	"context"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// runAll claims whatever waits and ends it well, until nothing waits any more.
func (s *shelf) runAll(session int64, end job.Event) {
	s.Helper()
	ctx := context.Background()
	for {
		waiting, err := s.store.Waiting(ctx, s.now, 1000)
		if err != nil {
			s.Fatal(err)
		}
		if len(waiting) == 0 {
			return
		}
		var ids []job.ID
		for _, w := range waiting {
			ids = append(ids, w.ID)
		}
		claimed, err := s.store.Claim(ctx, store.Claim{Session: session, IDs: ids, Now: s.now})
		if err != nil {
			s.Fatal(err)
		}
		var batch []store.Settlement
		for _, c := range claimed {
			batch = append(batch, store.Settlement{
				ID: c.ID, Session: session, Token: c.Token, Attempt: c.Attempt, Batch: c.Batch, Owner: c.Owner, Ends: c.Ends,
				Event: end, StartedAt: s.now, CompletedAt: s.now,
			})
		}
		if _, err := s.store.Settle(ctx, s.now, batch); err != nil {
			s.Fatal(err)
		}
	}
}

func (s *shelf) session(id int64) int64 {
	s.Helper()
	err := s.store.OpenSession(context.Background(), store.Session{ID: id, Node: "n", StartedAt: s.now, LeaseUntil: s.now.Add(10 * days400)})
	if err != nil {
		s.Fatal(err)
	}
	return id
}

// retain removes what is older than the ages, in batches of the size.
func (s *shelf) retain(r store.Retention, batch int) {
	s.Helper()
	for more := true; more; {
		var err error
		if _, more, err = s.store.Retain(context.Background(), r, s.now, batch); err != nil {
			s.Fatal(err)
		}
	}
}

// TestGoldenRetention removes old history of jobs whose ticks came at various
// distances: after any of them the books balance, and nothing is counted otherwise
// than before.
func TestGoldenRetention(t *testing.T) {
	t.Parallel()
	for name, step := range map[string]time.Duration{
		"tick for each slot": time.Second, "two slots a tick": 2 * time.Second, "seven slots a tick": 7 * time.Second,
		"a range a tick": 5 * time.Minute,
	} {
		for _, batch := range []int{1, 3, 1000} {
			t.Run(name+"/"+time.Duration(batch).String(), func(t *testing.T) {
				t.Parallel()
				s := newShelf(t, outageStart)
				var jobs []job.Job
				for _, o := range job.Overlaps() {
					jobs = append(jobs, s.create(string(o), func(spec *job.Spec) { spec.Schedule, spec.Overlap, spec.Concurrency = "* * * * * *", o, 2 }))
				}
				session := s.session(1)
				for i := range 12 {
					s.now = s.now.Add(step)
					s.plan()
					end := job.EventSucceed
					if i%4 == 3 {
						end = job.EventFail
					}
					s.runAll(session, end)
				}
				type sums struct{ planned, accounted, numbers int64 }
				var before []sums
				for _, j := range jobs {
					a := s.audit(j.ID)
					if !a.Balanced() {
						t.Fatalf("%s before: %d faults%s", j.Name, a.Faults, findings(a))
					}
					before = append(before, sums{a.Planned, a.Ran + a.Skipped, 0})
				}
				for _, r := range []store.Retention{{Success: time.Hour, KeepLast: 5}, {Success: time.Hour, Failed: 30 * time.Hour, KeepLast: 3}, {Success: time.Hour, Failed: time.Hour}} {
					s.now = s.now.Add(20 * time.Hour)
					s.retain(r, batch)
					for i, j := range jobs {
						// Judge the past alone: the outage since is not planned.
						a := s.audit(j.ID)
						if !a.Balanced() || a.Planned != before[i].planned || a.Ran+a.Skipped+a.Pruned != a.Planned {
							t.Errorf("%s after %+v: %d planned (before: %d) = %d ran + %d skipped + %d pruned, %d faults%s",
								j.Name, r, a.Planned, before[i].planned, a.Ran, a.Skipped, a.Pruned, a.Faults, findings(a))
						}
					}
				}
			})
		}
	}
}
