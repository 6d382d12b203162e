package daemon_test

import (
	"context"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// claim gives whatever is ready to the session.
func (s *shelf) claim(session int64) []store.Claimed {
	s.Helper()
	ctx := context.Background()
	waiting, err := s.store.Waiting(ctx, s.now, 1000)
	if err != nil {
		s.Fatal(err)
	}
	var ids []job.ID
	for _, w := range waiting {
		ids = append(ids, w.ID)
	}
	claims, err := s.store.Claim(ctx, store.Claim{Session: session, IDs: ids, Now: s.now})
	if err != nil {
		s.Fatal(err)
	}
	return claims.Claimed
}

// settle ends what was claimed, all alike.
func (s *shelf) settle(session int64, claimed []store.Claimed, end job.Event) {
	s.Helper()
	var batch []store.Settlement
	for _, c := range claimed {
		batch = append(batch, store.Settlement{
			ID: c.ID, Session: session, Token: c.Token, Attempt: c.Attempt, Batch: c.Batch, Owner: c.Owner, Ends: c.Ends,
			Event: end, StartedAt: s.now, CompletedAt: s.now,
		})
	}
	if settled, err := s.store.Settle(context.Background(), s.now, batch); err != nil || len(settled.Fenced) > 0 {
		s.Fatalf("settle: %v, %d fenced", err, len(settled.Fenced))
	}
}

// runAll claims whatever waits and ends it, until nothing waits any more.
func (s *shelf) runAll(session int64, end job.Event) {
	s.Helper()
	for claimed := s.claim(session); len(claimed) > 0; claimed = s.claim(session) {
		s.settle(session, claimed, end)
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
		if _, more, err = s.store.Retain(context.Background(), store.AnyPlatform, r, s.now, batch); err != nil {
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
				var planned []int64
				for _, j := range jobs {
					a := s.audit(j.ID)
					if !a.Balanced() || a.Ran == 0 {
						t.Fatalf("%s before: %d ran, %d faults%s", j.Name, a.Ran, a.Faults, findings(a))
					}
					planned = append(planned, a.Planned)
				}
				for _, r := range []store.Retention{{Success: time.Hour, KeepLast: 5}, {Success: time.Hour, Failed: 30 * time.Hour, KeepLast: 3}, {Success: time.Hour, Failed: time.Hour}} {
					s.now = s.now.Add(20 * time.Hour)
					s.retain(r, batch)
					for i, j := range jobs {
						a := s.audit(j.ID) // the time since is not planned yet
						if !a.Balanced() || a.Planned != planned[i] || a.Ran+a.Skipped+a.Pruned != a.Planned {
							t.Errorf("%s after %+v: %d planned (before: %d) = %d ran + %d skipped + %d pruned, %d faults%s",
								j.Name, r, a.Planned, planned[i], a.Ran, a.Skipped, a.Pruned, a.Faults, findings(a))
						}
						if r.KeepLast == 0 && (a.Ran > 0 || a.Pruned == 0) {
							t.Errorf("%s: %d executions were kept, %d pruned, want all", j.Name, a.Ran, a.Pruned)
						}
					}
				}
			})
		}
	}
}
