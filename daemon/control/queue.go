package control

import (
	"context"
	"time"

	"github.com/agentic-sdlc/scheduler/api"
)

// QueueStatus says what waits, and where. Figures are of all platforms.
func (s *Service) QueueStatus(ctx context.Context, c Call) (api.Queue, error) {
	scope, err := c.scope()
	if err != nil {
		return api.Queue{}, err
	}
	totals, err := s.store.Totals(ctx, c.Now)
	if err != nil {
		return api.Queue{}, err
	}
	holds, err := s.store.Holds(ctx, c.Now)
	if err != nil {
		return api.Queue{}, err
	}
	next, err := s.store.NextReady(ctx, c.Now)
	if err != nil {
		return api.Queue{}, err
	}
	q := api.Queue{
		Driver: s.o.Version.Queue, Ready: totals.Waiting, OldestMS: age(totals.OldestReady), Delayed: totals.Delayed, NextAt: instant(next),
		Running: totals.Running, Dead: totals.Dead, Holds: heldByAll(holds, scope),
	}
	if s.o.Queue == nil {
		return q, nil
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	depth, err := s.o.Queue.Depth(ctx)
	if err != nil {
		q.Problem = "the queue does not answer; workers poll the store"
		return q, nil //nolint:nilerr // told in the answer
	}
	q.Messages = &api.QueueMessages{Waiting: depth.Waiting, Pending: depth.Pending, OldestMS: age(depth.Oldest)}
	return q, nil
}

// age is a duration in milliseconds; nil for none.
func age(d time.Duration) *int64 {
	if d <= 0 {
		return nil
	}
	ms := d.Milliseconds()
	return &ms
}
