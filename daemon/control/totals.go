package control

import (
	"context"
	"sync"
	"time"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/store"
)

// Counting jobs and what waits costs more the more there are. It is spared where it is
// dear: what took longer than dear is used again, for a multiple of what it took, and
// after that while it is counted anew beside, for stale at the most.
const (
	dear   = 20 * time.Millisecond
	reuse  = 20
	stale  = time.Minute
	scopes = 100 // platforms whose totals are remembered
)

// counted remembers totals by platform. The zero value is empty.
type counted struct {
	mu sync.Mutex
	of map[string]*totalsOf
}

type totalsOf struct {
	totals store.Totals
	at     time.Time
	took   time.Duration
	busy   bool // somebody counts anew
}

// recall returns what is remembered of a platform, and whether to count anew.
func (c *counted) recall(platform string, now time.Time) (t store.Totals, known, anew bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	had := c.of[platform]
	if had == nil || had.took < dear || now.Sub(had.at) > stale || now.Before(had.at) {
		return t, false, true
	}
	anew = !had.busy && now.Sub(had.at) > reuse*had.took
	had.busy = had.busy || anew
	return had.totals, true, anew
}

func (c *counted) note(platform string, t store.Totals, at time.Time, took time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.of == nil || len(c.of) >= scopes {
		c.of = map[string]*totalsOf{}
	}
	c.of[platform] = &totalsOf{totals: t, at: at, took: took}
}

// forget gives up counting anew: the next caller tries.
func (c *counted) forget(platform string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.of, platform)
}

// totals counts, or remembers what was counted a short while ago.
func (s *Service) totals(ctx context.Context, platform string, now time.Time) (store.Totals, error) {
	clock := s.o.Health.Clock
	if clock == nil {
		return s.store.Totals(ctx, platform, now)
	}
	t, known, anew := s.counted.recall(platform, now)
	switch {
	case known && anew:
		go func() {
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stale)
			defer cancel()
			if _, err := s.count(ctx, platform, clock); err != nil {
				s.counted.forget(platform)
			}
		}()
	case !known:
		return s.count(ctx, platform, clock)
	}
	return t, nil
}

// Everything refuses callers who are confined to a platform.
func (s *Service) Everything(c Call) error { return c.everywhere("what is exposed to Prometheus") }

// AllTotals counts everything of all platforms.
func (s *Service) AllTotals(ctx context.Context, now time.Time) (store.Totals, error) {
	return s.totals(ctx, AnyPlatform, now)
}

// TotalsOf counts everything of one platform, or of all.
func (s *Service) TotalsOf(ctx context.Context, platform string, now time.Time) (store.Totals, error) {
	return s.totals(ctx, platform, now)
}

// WorkerStates counts live nodes with the role worker, by state: active or draining.
func (s *Service) WorkerStates(ctx context.Context, now time.Time) (map[string]int, error) {
	sessions, err := s.store.ListSessions(ctx, now)
	states := map[string]int{}
	for i := range sessions {
		one := &sessions[i]
		switch {
		case one.ClosedAt != nil || !one.LeaseUntil.After(now) || !has(one.Roles, "worker"):
		case one.Draining:
			states[api.WorkerDraining]++
		default:
			states[api.WorkerActive]++
		}
	}
	return states, err
}

func (s *Service) count(ctx context.Context, platform string, clock func() time.Time) (store.Totals, error) {
	began := clock()
	t, err := s.store.Totals(ctx, platform, began)
	if err == nil {
		s.counted.note(platform, t, began, clock().Sub(began))
	}
	return t, err
}
