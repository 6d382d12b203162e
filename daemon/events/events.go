package events

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/agentic-sdlc/scheduler/event"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// Batch is how many events one transaction decides about.
const Batch = 2000

// Keep is how long events and acts that are over are remembered.
const Keep = 7 * 24 * time.Hour

// Options of Events. All are required.
type Options struct {
	Store interface {
		Act(ctx context.Context, p store.Act) (store.Acted, error)
		NextAct(ctx context.Context) (time.Time, error)
		ForgetEvents(ctx context.Context, now time.Time, keep time.Duration, limit int) (more bool, err error)
	}
	Logger *slog.Logger
	Now    func() time.Time
	NewID  func() job.ID
	Policy func() job.Policy
	// Prepare returns what says what the acts of one batch come to at the instant.
	Prepare func(now time.Time) func(a *event.Act) (store.Deed, error)
	// Planned says that jobs were made or changed, Ready that executions were made, and
	// Stop that these were asked to stop.
	Planned, Ready func()
	Stop           func(ids []job.ID)
}

// Events decides about events.
type Events struct {
	o       Options
	wake    chan struct{}
	version int64
	matcher atomic.Pointer[event.Matcher]
	forget  time.Time // when old events are looked for again
}

// New returns Events; Run starts it.
func New(o Options) *Events {
	e := &Events{o: o, wake: make(chan struct{}, 1)}
	e.matcher.Store(event.NewMatcher(nil, nil))
	return e
}

// Wake makes Run look at once: events came in.
func (e *Events) Wake() {
	select {
	case e.wake <- struct{}{}:
	default:
	}
}

// Tick decides about one batch. busy is true when another node is at it, more when there
// may be another batch.
func (e *Events) Tick(ctx context.Context, now time.Time) (busy, more bool, err error) {
	acted, err := e.o.Store.Act(ctx, store.Act{
		Now: now, Limit: Batch, NewID: e.o.NewID, Policy: e.o.Policy(), Version: e.version,
		Listen: func(version int64, listeners []event.Listener, shapes []event.CancelShape) bool {
			return e.listen(ctx, version, listeners, shapes)
		},
		Decide:  func(events []event.Event) event.Decision { return e.matcher.Load().Decide(events, now) },
		Prepare: e.o.Prepare(now),
	})
	if err != nil {
		e.version = 0 // what was read may have been undone
		return false, false, err
	}
	if acted.Jobs+acted.Cancelled > 0 {
		e.o.Planned()
	}
	if acted.Runs+acted.Jobs > 0 {
		e.o.Ready()
	}
	if len(acted.Stopped) > 0 {
		e.o.Stop(acted.Stopped)
	}
	if acted.Failed > 0 {
		e.o.Logger.WarnContext(ctx, "acts of event handlers failed", slog.Int("acts", acted.Failed))
	}
	return acted.Busy, acted.More, e.tidy(ctx, now)
}

// listen compiles what listens.
func (e *Events) listen(ctx context.Context, version int64, listeners []event.Listener, shapes []event.CancelShape) bool {
	m := event.NewMatcher(listeners, shapes)
	for _, b := range m.Broken() {
		e.o.Logger.WarnContext(ctx, "an event handler cannot be used", slog.String("name", b.Name), slog.String("platform", b.Platform), slog.String("reason", b.Reason))
	}
	e.matcher.Store(m)
	e.version = version
	return m.System()
}

// tidy forgets what is old, a batch at a time.
func (e *Events) tidy(ctx context.Context, now time.Time) error {
	if now.Before(e.forget) {
		return nil
	}
	e.forget = now.Add(time.Minute)
	more, err := e.o.Store.ForgetEvents(ctx, now, Keep, 2*Batch)
	if more {
		e.forget = now.Add(time.Second)
	}
	return err
}
