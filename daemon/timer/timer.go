package timer

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/agentic-sdlc/scheduler/internal/mutant"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// Batch is how many jobs are planned in one transaction: large enough to share a
// commit, small enough that the first of a burst does not wait for the last.
const Batch = 1000

// newest is how many jobs are planned from the other end after each full batch: those that
// became due last, which a flood of older ones would keep waiting. It is so once a tick
// has lasted for flooded: until then nobody waits for long.
const (
	newest  = 100
	flooded = 500 * time.Millisecond
)

// Options of a Timer.
type Options struct {
	Store interface {
		PlanDue(ctx context.Context, p store.PlanDue) (store.Planned, error)
		NextDue(ctx context.Context) (time.Time, error)
		Warm(ctx context.Context, until time.Time, limit int) error
	}
	Policy func() job.Policy
	NewID  func(now time.Time) job.ID
	Logger *slog.Logger
	Now    func() time.Time

	// Session is the node's session, 0 while it has none.
	Session func() int64
	// Take reserves a slot of this node for a run of the job; Release gives it back.
	Take    func(def *job.Job) bool
	Release func(def *job.Job)
	// Start starts runs whose slots Take reserved.
	Start func(session int64, claimed []store.Claimed)
	// Claiming runs what claims and starts, and is told whether it failed; nil = nobody is.
	Claiming func(fn func() error) error
	// Announce says that executions wait for a worker.
	Announce func()
}

// Timer plans due jobs.
type Timer struct {
	o    Options
	wake chan struct{}

	warmed   time.Time    // definitions due before this were loaded; Run's own
	lastTick atomic.Int64 // microseconds of the last tick that succeeded
	rounds   atomic.Uint64
	next     atomic.Int64 // microseconds of what is due next, as of the last tick; 0 = nothing is
	lag      atomic.Int64 // how late the newest planned runs were, in nanoseconds
	behind   atomic.Bool
}

// New returns a timer; Run starts it.
func New(o Options) *Timer {
	if o.Claiming == nil {
		o.Claiming = func(fn func() error) error { return fn() }
	}
	return &Timer{o: o, wake: make(chan struct{}, 1)}
}

// Wake makes Run look at once: a job was created or changed.
func (t *Timer) Wake() {
	select {
	case t.wake <- struct{}{}:
	default:
	}
}

// LastTick returns when the last successful tick was; zero before the first.
func (t *Timer) LastTick() time.Time {
	us := t.lastTick.Load()
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}

// Next returns when the next job is due, as of the last tick; zero when none is.
func (t *Timer) Next() time.Time {
	us := t.next.Load()
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}

// Rounds returns how often Run came round.
func (t *Timer) Rounds() uint64 { return t.rounds.Load() }

// Behind reports whether more was due than one batch holds: every moment counts.
func (t *Timer) Behind() bool { return t.behind.Load() }

// Lag returns how late the newest runs were planned; runs that catch up do not count.
func (t *Timer) Lag() time.Duration { return time.Duration(t.lag.Load()) }

func (t *Timer) noteLag(now time.Time, claimed []store.Claimed) {
	var worst time.Duration
	for i := range claimed {
		if late := now.Sub(claimed[i].ScheduledAt); late < t.o.Policy().MisfireThreshold {
			worst = max(worst, late)
		}
	}
	t.lag.Store(int64(worst))
}

// Tick plans everything that is due at now and returns the next instant at which
// something will be; zero when nothing will.
func (t *Timer) Tick(ctx context.Context, now time.Time) (next time.Time, err error) {
	if mutant.Active == mutant.Early {
		now = now.Add(300 * time.Millisecond)
	}
	began := now
	for {
		planned, err := t.plan(ctx, now, false)
		t.behind.Store(planned.More)
		if err != nil {
			return time.Time{}, err
		}
		if !planned.More {
			break
		}
		now = t.o.Now()
		if now.Sub(began) < flooded {
			continue
		}
		if _, err := t.plan(ctx, now, true); err != nil {
			return time.Time{}, err
		}
	}
	t.lastTick.Store(now.UnixMicro())
	if next, err = t.o.Store.NextDue(ctx); err != nil {
		return time.Time{}, err
	}
	us := int64(0)
	if !next.IsZero() {
		us = next.UnixMicro()
	}
	t.next.Store(us)
	return next, nil
}

const (
	// ahead is how long before its slot a job's definition is loaded.
	ahead = 5 * time.Second
	// maxWarm bounds one look ahead, in jobs.
	maxWarm = 10_000
)

// warm uses the time until next to load what is due then.
func (t *Timer) warm(ctx context.Context, now, next time.Time) {
	if next.IsZero() || next.Sub(now) > ahead || next.Before(t.warmed) {
		return
	}
	t.warmed = now.Add(ahead)
	if err := t.o.Store.Warm(ctx, t.warmed, maxWarm); err != nil {
		t.o.Logger.DebugContext(ctx, "look ahead failed", slog.Any("err", err))
	}
}

// plan plans one batch, of the newest when late, and starts what was born claimed.
func (t *Timer) plan(ctx context.Context, now time.Time, late bool) (planned store.Planned, err error) {
	err = t.o.Claiming(func() error {
		planned, err = t.planAndStart(ctx, now, late)
		return err
	})
	return planned, err
}

func (t *Timer) planAndStart(ctx context.Context, now time.Time, late bool) (store.Planned, error) {
	limit := Batch
	if late {
		limit = newest
	}
	var taken []*job.Job
	session := t.o.Session()
	planned, err := t.o.Store.PlanDue(ctx, store.PlanDue{
		Now: now, Limit: limit, Newest: late, Policy: t.o.Policy(), Session: session,
		NewID: func() job.ID { return t.o.NewID(now) },
		Take: func(def *job.Job) bool {
			if !t.o.Take(def) {
				return false
			}
			taken = append(taken, def)
			return true
		},
	})
	if err != nil {
		for _, def := range taken {
			t.o.Release(def)
		}
		return planned, err
	}
	for _, def := range planned.Untaken {
		t.o.Release(def)
	}
	if len(planned.Claimed) > 0 {
		t.noteLag(now, planned.Claimed)
		t.o.Start(session, planned.Claimed)
	}
	if planned.Waiting > 0 {
		t.o.Announce()
	}
	if planned.Broken > 0 {
		t.o.Logger.WarnContext(ctx, "jobs put into error: their schedule cannot be used", slog.Int("jobs", planned.Broken))
	}
	return planned, nil
}
