package control

import (
	"context"
	"sync"
	"time"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/event"
	"github.com/agentic-sdlc/scheduler/job"
)

// Bounds of events from one platform.
const (
	eventRate  = 10_000 // a second, unless the platform's terms say otherwise
	eventBurst = 2      // seconds' worth that may come at once
)

// rates counts what platforms may still do. Its zero value is ready.
type rates struct {
	mu sync.Mutex
	m  map[string]*bucket
}

// bucket is what is left of one platform's.
type bucket struct {
	left float64
	at   time.Time
}

// take takes n of what a platform may do rate times a second, and burst times at once, or
// returns how long to wait for them.
func (r *rates) take(platform string, n int, now time.Time, rate, burst float64) time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.m == nil {
		r.m = map[string]*bucket{}
	}
	b := r.m[platform]
	if b == nil {
		b = &bucket{left: burst, at: now}
		r.m[platform] = b
	}
	if passed := now.Sub(b.at).Seconds(); passed > 0 {
		b.left += passed * rate
		b.at = now
	}
	b.left = min(burst, b.left)
	missing := float64(n) - b.left
	switch {
	case missing <= 0:
		b.left -= float64(n)
		return 0
	case rate <= 0:
		return time.Minute // until somebody allows some
	}
	return max(time.Second, time.Duration(missing/rate*float64(time.Second)))
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

// EmitEvent stores an event: it acts once for each event handler from then on.
func (s *Service) EmitEvent(ctx context.Context, c Call, in *api.EventInput) (api.EventAccepted, error) {
	e, err := s.eventOf(&c, in)
	if err != nil {
		return api.EventAccepted{}, err
	}
	if err := s.inUse(e.Platform); err != nil {
		return api.EventAccepted{}, err
	}
	rate := eventRate
	if limit := s.termsOf(e.Platform).EventsPerSecond; limit != nil {
		rate = *limit
	}
	if wait := s.eventRates.take(e.Platform, 1, c.Now, float64(rate), eventBurst*float64(rate)); wait > 0 {
		return api.EventAccepted{}, &floodError{job.Errorf(job.RateLimited, "platform %q sends more than %d events a second", e.Platform, rate).WithHint("wait a moment"), wait}
	}
	known, err := s.store.AcceptEvents(ctx, []event.Event{e})
	if err != nil {
		return api.EventAccepted{}, err
	}
	s.o.Emitted()
	return api.EventAccepted{ID: e.ID, Event: e.Name, PlatformID: platformID(e.Platform), Duplicate: known[0], AcceptedAt: e.At}, nil
}

// TakeEvents stores events that came another way than by the API, for the platforms that
// they name. What is wrong with one is told by its place; those are left out.
func (s *Service) TakeEvents(ctx context.Context, now time.Time, batch []api.EventInput) (faults map[int]error, err error) {
	faults = map[int]error{}
	var events []event.Event
	for i := range batch {
		c := Call{Principal: Principal{Name: "bus", Role: RoleOperator, Platform: AnyPlatform}, Now: now}
		e, err := s.eventOf(&c, &batch[i])
		if err != nil {
			faults[i] = err
			continue
		}
		events = append(events, e)
	}
	if len(events) == 0 {
		return faults, nil
	}
	if _, err := s.store.AcceptEvents(ctx, events); err != nil {
		return faults, err
	}
	s.o.Emitted()
	return faults, nil
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
