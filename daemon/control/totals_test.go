package control

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// counting is a store whose counting takes time.
type counting struct {
	store.Store

	takes time.Duration
	asked atomic.Int64
	fail  atomic.Bool
}

func (c *counting) Totals(context.Context, string, time.Time) (store.Totals, error) {
	time.Sleep(c.takes)
	if c.fail.Load() {
		return store.Totals{}, job.Errorf(job.Unavailable, "away")
	}
	return store.Totals{Waiting: c.asked.Add(1)}, nil
}

// TestTotalsAreRemembered: what is dear to count is counted seldom, and beside; what is
// not is counted each time.
func TestTotalsAreRemembered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := &counting{takes: time.Millisecond}
		s := New(Options{Store: db, Health: HealthOptions{Clock: time.Now}})
		want := func(n int64, within time.Duration) {
			t.Helper()
			began := time.Now()
			got, err := s.totals(t.Context(), "a", time.Now())
			if took := time.Since(began); err != nil || got.Waiting != n || took > within {
				t.Errorf("count %d after %v, %v; want %d within %v", got.Waiting, took, err, n, within)
			}
		}
		want(1, time.Millisecond)
		want(2, time.Millisecond) // cheap: as of now
		db.takes = 100 * time.Millisecond
		want(3, 100*time.Millisecond)
		want(3, 0)
		time.Sleep(3 * time.Second)
		want(3, 0) // counted anew beside
		synctest.Wait()
		time.Sleep(time.Second)
		want(4, 0)
		time.Sleep(2 * time.Minute)
		want(5, 100*time.Millisecond) // too old to be told
		time.Sleep(3 * time.Second)
		db.fail.Store(true)
		want(5, 0)
		time.Sleep(time.Second)
		if _, err := s.totals(t.Context(), "a", time.Now()); job.CodeOf(err) != job.Unavailable {
			t.Errorf("a store that is away = %v, want unavailable", err)
		}
		synctest.Wait()
	})
}
