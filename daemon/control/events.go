package control

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/event"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/queue"
)

// Bounds of events from one platform, when neither Options nor its terms say anything.
const (
	DefaultEventRate  = 10_000 // a second
	DefaultEventBurst = 20_000
)

// rates counts what platforms may still do on this node. Its zero value is ready.
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
// returns how long to wait for them. More than burst are taken when none were lately.
func (r *rates) take(platform string, n int, now time.Time, rate, burst float64) time.Duration {
	if rate <= 0 {
		return time.Minute // until somebody allows some
	}
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
	if missing := min(float64(n), burst) - b.left; missing > 0 {
		return max(time.Second, time.Duration(missing/rate*float64(time.Second)))
	}
	b.left -= float64(n)
	return 0
}

// eventRate is how many events a platform may send a second, and at once.
func (s *Service) eventRate(platform string) (rate, burst int) {
	if limit := s.termsOf(platform).EventsPerSecond; limit != nil {
		return *limit, 2 * *limit
	}
	return s.o.EventRate, s.o.EventBurst
}

// mayEmit takes n events from what a platform may send.
func (s *Service) mayEmit(platform string, n int, now time.Time) error {
	rate, burst := s.eventRate(platform)
	if wait := s.eventRates.take(platform, n, now, float64(rate), float64(burst)); wait > 0 {
		return &floodError{job.Errorf(job.RateLimited, "platform %q sends more than %d events a second", platform, rate).WithHint("wait a moment"), wait}
	}
	return nil
}

// emits refuses events of platforms that may send none.
func (s *Service) emits(platform string) error {
	if rate, _ := s.eventRate(platform); rate <= 0 {
		return job.Errorf(job.Forbidden, "platform %q may send no events", platform)
	}
	return s.inUse(platform)
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
	if err := s.Room(); err != nil {
		return api.EventAccepted{}, err
	}
	if err := s.mayEmit(e.Platform, 1, c.Now); err != nil {
		return api.EventAccepted{}, err
	}
	known, err := s.store.AcceptEvents(ctx, []event.Event{e})
	if err != nil {
		return api.EventAccepted{}, err
	}
	s.o.Emitted()
	return api.EventAccepted{ID: e.ID, Event: e.Name, PlatformID: platformID(e.Platform), Duplicate: known[0], AcceptedAt: e.At}, nil
}

// TakeEvents stores events that came another way than by the API, for the platforms that
// they name. What is wrong with one is told by its place; those are left out, and so are
// those of a platform that sends too many, with queue.ErrLater. storage_full when there is
// no room: none is stored then.
func (s *Service) TakeEvents(ctx context.Context, now time.Time, batch []queue.SentEvent) (faults map[int]error, err error) {
	if err := s.Room(); err != nil {
		return nil, err
	}
	faults = map[int]error{}
	var events []event.Event
	of := map[string][]int{} // places in the batch
	for i := range batch {
		sent := &batch[i]
		in := api.EventInput{Event: sent.Name, Data: sent.Data, ID: sent.ID, ExecutionID: sent.ExecutionID}
		if sent.Platform != "" {
			in.PlatformID = &sent.Platform
		}
		c := Call{Principal: Principal{Name: "redis", Role: RoleOperator, Platform: AnyPlatform}, Now: now}
		c.TraceID, c.ParentSpanID = job.ReadTraceParent(sent.TraceParent)
		e, err := s.eventOf(&c, &in)
		if err == nil {
			err = s.emits(e.Platform) // waiting would not help, and keep others waiting
		}
		if err != nil {
			faults[i] = err
			continue
		}
		of[e.Platform] = append(of[e.Platform], i)
		events = append(events, e)
	}
	for platform, places := range of {
		if err := s.mayEmit(platform, len(places), now); err != nil {
			for _, i := range places {
				faults[i] = errors.Join(queue.ErrLater, err)
			}
			events = slices.DeleteFunc(events, func(e event.Event) bool { return e.Platform == platform })
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
