package daemon

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/internal/testbed"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// forgetful is a store whose answers get lost after the commit, now and then.
type forgetful struct {
	store.Store

	lose atomic.Int64 // answers still to be lost
	lost atomic.Int64
}

func (f *forgetful) answer(err error) error {
	if err == nil && f.lose.Add(-1) >= 0 {
		f.lost.Add(1)
		return job.Errorf(job.Unavailable, "the answer was lost")
	}
	return err
}

func (f *forgetful) PlanDue(ctx context.Context, p store.PlanDue) (store.Planned, error) {
	planned, err := f.Store.PlanDue(ctx, p)
	if len(planned.Claimed) > 0 {
		if err := f.answer(err); err != nil {
			return store.Planned{}, err
		}
	}
	return planned, err
}

func (f *forgetful) Claim(ctx context.Context, c store.Claim) (store.Claims, error) {
	claims, err := f.Store.Claim(ctx, c)
	if len(claims.Claimed) > 0 {
		if err := f.answer(err); err != nil {
			return store.Claims{}, err
		}
	}
	return claims, err
}

func (f *forgetful) Trigger(ctx context.Context, t store.Trigger) (store.Triggered, error) {
	made, err := f.Store.Trigger(ctx, t)
	if err := f.answer(err); err != nil {
		return store.Triggered{}, err
	}
	return made, err
}

// TestLostAnswers: claims that were committed and not answered, by planning, claiming
// and running by hand alike, are found and run; nothing runs twice, and no slot of the
// node is lost.
func TestLostAnswers(t *testing.T) {
	t.Parallel()
	s := newSeveral(t)
	f := &forgetful{Store: s.store}
	s.wrap = f
	e := s.start("a")
	s.job("tick", "* * * * * *")
	s.job("manual", "")
	for range 4 {
		f.lose.Store(2)
		_, _ = e.Trigger(t.Context(), store.Trigger{Platform: job.DefaultPlatform, Ref: "manual", Kind: job.TriggerManual, Now: now(), NewID: e.NewID})
		testbed.Eventually(t, "two answers are lost", 10*time.Second, func() bool { return f.lose.Load() <= 0 })
	}
	if n := f.lost.Load(); n != 8 {
		t.Fatalf("%d answers were lost, want 8: the test shows nothing", n)
	}
	e.Kick()
	testbed.Eventually(t, "nothing waits or runs but the newest", 15*time.Second, func() bool {
		page, err := s.store.ListExecutions(t.Context(), store.ExecutionFilter{
			Platform: job.DefaultPlatform, Statuses: []job.Status{job.Pending, job.Running}, Until: now().Add(-3 * time.Second), WithTotal: true,
		})
		return err == nil && page.Total == 0
	})
	page, err := s.store.ListExecutions(t.Context(), store.ExecutionFilter{Platform: job.DefaultPlatform, Statuses: []job.Status{job.Success}, WithTotal: true, Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	testbed.Eventually(t, "the slots are free", 5*time.Second, func() bool { return e.Vitals().Free >= 7 })
	if n := s.count("a"); n < int(page.Total) || n > int(page.Total)+2 {
		t.Errorf("%d starts for %d executions that ended well, want as many", n, page.Total)
	}
}
