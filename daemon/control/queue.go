package control

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// QueueStatus says what waits, and where. Figures are of all platforms, but for callers
// who are confined to one.
func (s *Service) QueueStatus(ctx context.Context, c Call) (api.Queue, error) {
	scope, err := c.scope()
	if err != nil {
		return api.Queue{}, err
	}
	if scope != AnyPlatform && c.Principal.reach() != AnyPlatform {
		return s.queueOf(ctx, c, scope)
	}
	totals, err := s.store.Totals(ctx, AnyPlatform, c.Now)
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
	messages, err := s.messages(ctx, &q)
	if err != nil {
		q.Problem = queueAway
		return q, nil //nolint:nilerr // told in the answer
	}
	q.Messages = &messages
	return q, nil
}

// queueOf is the queue as somebody sees it who is confined to a platform: executions
// that wait count as ready.
func (s *Service) queueOf(ctx context.Context, c Call, scope string) (api.Queue, error) {
	q := api.Queue{Driver: s.o.Version.Queue}
	for count, f := range map[*int64]store.ExecutionFilter{
		&q.Ready: {Statuses: []job.Status{job.Pending}}, &q.Running: {Statuses: []job.Status{job.Running}}, &q.Dead: {Dead: true},
	} {
		f.Platform, f.Limit, f.WithTotal = scope, 1, true
		page, err := s.store.ListExecutions(ctx, f)
		if err != nil {
			return api.Queue{}, err
		}
		*count = page.Total
	}
	holds, err := s.store.Holds(ctx, c.Now)
	q.Holds = heldByAll(holds, scope)
	return q, err
}

const (
	// queueTime bounds what the queue is waited for when somebody looks at it.
	queueTime = 2 * time.Second
	queueAway = "the queue does not answer; workers poll the store"
)

// messages asks the queue how it does, and what it is.
func (s *Service) messages(ctx context.Context, q *api.Queue) (api.QueueMessages, error) {
	ctx, cancel := context.WithTimeout(ctx, queueTime)
	defer cancel()
	info, err := s.o.Queue.Ping(ctx)
	if err != nil {
		return api.QueueMessages{}, err
	}
	q.Driver = strings.TrimSpace(info.Server + " " + info.Version)
	depth, err := s.o.Queue.Depth(ctx)
	if err != nil {
		return api.QueueMessages{}, err
	}
	m := api.QueueMessages{Waiting: depth.Waiting, Pending: depth.Pending, OldestMS: age(depth.Oldest), Streams: []api.QueueStream{}, Warnings: info.Warnings}
	for _, one := range depth.Streams {
		m.Streams = append(m.Streams, api.QueueStream{
			Stream: one.Name, Group: one.Group, Length: one.Length, Pending: one.Pending, Lag: one.Lag, OldestMS: age(one.Oldest), Consumers: one.Consumers,
		})
	}
	return m, nil
}

// PeekQueue returns announcements that nobody received yet, the next one first, and
// what the store says of their executions. Nothing is taken.
func (s *Service) PeekQueue(ctx context.Context, c Call, limit int) ([]api.QueueMessage, error) {
	scope, err := c.scope()
	if err != nil {
		return nil, err
	}
	list := []api.QueueMessage{}
	if s.o.Queue == nil {
		return list, nil
	}
	asked, cancel := context.WithTimeout(ctx, queueTime)
	defer cancel()
	messages, err := s.o.Queue.Peek(asked, limit)
	if err != nil {
		return nil, &job.Error{Code: job.Unavailable, Message: queueAway, Err: err}
	}
	for i := range messages {
		m := &messages[i]
		one := api.QueueMessage{ExecutionID: m.ExecutionID, HandlerName: m.HandlerName, Priority: m.Priority, ReadyAt: m.ReadyAt}
		switch e, err := s.store.Execution(ctx, scope, m.ExecutionID.String()); {
		case err == nil:
			one.Run, one.Status, one.PlatformID = e.JobName+"/"+strconv.FormatInt(e.RunNumber, 10), e.Status, e.PlatformID
		case job.CodeOf(err) != job.NotFound:
			return nil, err
		case scope != AnyPlatform:
			continue // another platform's, or nobody's
		}
		list = append(list, one)
	}
	return list, nil
}

// age is a duration in milliseconds; nil for none.
func age(d time.Duration) *int64 {
	if d <= 0 {
		return nil
	}
	ms := d.Milliseconds()
	return &ms
}
