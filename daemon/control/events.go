package control

import (
	"context"
	"sync"
	"time"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/event"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/queue"
)

// Bounds of events from one platform, when Options say nothing.
const (
	DefaultEventRate  = 10_000 // a second
	DefaultEventBurst = 20_000
)

// eventRates counts what platforms may still send to this node.
type eventRates struct {
	rate, burst int // a second; at once

	mu sync.Mutex
	m  map[string]*eventBucket
}

// eventBucket is what is left of one platform's events.
type eventBucket struct {
	left float64
	at   time.Time
}

// take takes n events of a platform, or returns how long to wait for them.
func (r *eventRates) take(platform string, n int, now time.Time) time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.m == nil {
		r.m = map[string]*eventBucket{}
	}
	b := r.m[platform]
	if b == nil {
		b = &eventBucket{left: float64(r.burst), at: now}
		r.m[platform] = b
	}
	if passed := now.Sub(b.at).Seconds(); passed > 0 {
		b.left = min(float64(r.burst), b.left+passed*float64(r.rate))
		b.at = now
	}
	if missing := float64(n) - b.left; missing > 0 {
		return max(time.Second, time.Duration(missing/float64(r.rate)*float64(time.Second)))
	}
	b.left -= float64(n)
	return 0
}

// floodError is a refusal that time heals.
type floodError struct {
	problem *job.Error
	after   time.Duration
}

// Error is the sentence.
func (e *floodError) Error() string { return e.problem.Error() }

// Unwrap returns the error with the code.
func (e *floodError) Unwrap() error { return e.problem }

// RetryAfter is how long to wait.
func (e *floodError) RetryAfter() time.Duration { return e.after }

func (s *Service) flood(platform string, wait time.Duration) error {
	return &floodError{job.Errorf(job.RateLimited, "platform %q sends more than %d events a second", platform, s.eventRates.rate).WithHint("wait a moment"), wait}
}

// EmitEvent stores an event: it acts once for each event handler from then on.
func (s *Service) EmitEvent(ctx context.Context, c Call, in *api.EventInput) (api.EventAccepted, error) {
	e, err := s.eventOf(&c, in)
	if err != nil {
		return api.EventAccepted{}, err
	}
	if wait := s.eventRates.take(e.Platform, 1, c.Now); wait > 0 {
		return api.EventAccepted{}, s.flood(e.Platform, wait)
	}
	known, err := s.store.AcceptEvents(ctx, []event.Event{e})
	if err != nil {
		return api.EventAccepted{}, err
	}
	s.o.Emitted()
	return api.EventAccepted{ID: e.ID, Event: e.Name, PlatformID: platformID(e.Platform), Duplicate: known[0], AcceptedAt: e.At}, nil
}

// TakeEvents stores events that came another way than by the API, for the platforms that
// they name. What is wrong with one is told by its place; those are left out. rate_limited
// when a platform sends too many: none is stored then.
func (s *Service) TakeEvents(ctx context.Context, now time.Time, batch []queue.SentEvent) (faults map[int]error, err error) {
	faults = map[int]error{}
	var events []event.Event
	counts := map[string]int{}
	for i := range batch {
		sent := &batch[i]
		in := api.EventInput{Event: sent.Name, Data: sent.Data, ID: sent.ID, ExecutionID: sent.ExecutionID}
		if sent.Platform != "" {
			in.PlatformID = &sent.Platform
		}
		c := Call{Principal: Principal{Name: "redis", Role: RoleOperator, Platform: AnyPlatform}, Now: now}
		c.TraceID, c.ParentSpanID = job.ReadTraceParent(sent.TraceParent)
		e, err := s.eventOf(&c, &in)
		if err != nil {
			faults[i] = err
			continue
		}
		counts[e.Platform]++
		events = append(events, e)
	}
	for platform, n := range counts {
		if wait := s.eventRates.take(platform, n, now); wait > 0 {
			return nil, s.flood(platform, wait)
		}
	}
	for size := 0; len(events) > 0; events = events[size:] {
		size = chunk(events)
		if _, err := s.store.AcceptEvents(ctx, events[:size]); err != nil {
			return nil, err
		}
		s.o.Emitted()
	}
	return faults, nil
}

// maxChunk bounds the data of events that are stored together, in bytes.
const maxChunk = 8 << 20

// chunk is how many of the events are stored together, at least one.
func chunk(events []event.Event) int {
	bytes := 0
	for i := range events {
		if bytes += len(events[i].Data); bytes > maxChunk && i > 0 {
			return i
		}
	}
	return len(events)
}

// eventOf is the event that in describes, checked.
func (s *Service) eventOf(c *Call, in *api.EventInput) (event.Event, error) {
	var p job.Problems
	if fault := job.EventNameFault(in.Event, false); fault != "" {
		p.Add("event", "pattern", "%s", fault)
	} else if job.IsSystemEvent(in.Event) {
		p.Add("event", "reserved", "%q is reserved: names that begin with %q are schedd's own", in.Event, job.SystemPrefix)
	}
	event.CheckData(&p, "data", in.Data)
	if len(in.ID) > event.MaxID {
		p.Add("id", "too_long", "has %d bytes; at most %d are allowed", len(in.ID), event.MaxID)
	}
	for _, r := range in.ID {
		if r < ' ' || r == 0x7f || r == 0xfffd {
			p.Add("id", "text", "must not contain control characters")
			break
		}
	}
	e := event.Event{ID: in.ID, Key: s.o.NewID(), Name: in.Event, Data: in.Data, At: c.Now, TraceID: c.TraceID, SpanID: c.ParentSpanID}
	if in.ExecutionID != "" {
		id, err := job.ParseID(in.ExecutionID)
		if err != nil {
			p.Add("execution_id", "pattern", "must be the UUID of an execution")
		}
		e.ExecutionID = id
	}
	if err := p.Err(); err != nil {
		return e, err
	}
	if e.ID == "" {
		e.ID = e.Key.String()
		if c.IdempotencyKey != "" {
			e.ID = "key:" + c.IdempotencyKey
		}
	}
	home, err := c.homeOf(&api.JobInput{PlatformID: in.PlatformID})
	e.Platform = home
	return e, err
}
