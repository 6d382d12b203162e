package maintain

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync/atomic"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/queue"
	"github.com/agentic-sdlc/scheduler/store"
)

// Options of a Maintainer. Durations are the configuration's.
type Options struct {
	Store interface {
		store.Sessions
		store.Upkeep
		store.Aftermaths
		ChangeJob(ctx context.Context, c store.ChangeJob) (job.Job, error)
		Job(ctx context.Context, platform, ref string) (job.Job, error)
		Execution(ctx context.Context, platform, ref string) (job.Execution, error)
		ListExecutions(ctx context.Context, f store.ExecutionFilter) (store.Page[job.Execution], error)
		Book(ctx context.Context, platform, ref string) (store.Book, error)
		TrimLogs(ctx context.Context, caps store.LogCaps) (int64, error)
		Clock(ctx context.Context) (time.Time, error)
	}
	Bus    queue.Bus
	Logger *slog.Logger
	Now    func() time.Time
	// Clock reads the store's clock, for Now to follow; nil = Now follows nothing.
	Clock func(ctx context.Context) error

	// Embedded leaves what one node does for all to others.
	Embedded bool

	Lease, Heartbeat, ReapEvery time.Duration
	Retention                   func() store.Retention
	LogCaps                     store.LogCaps

	// Session is the node's session; NewSession opens another when it was lost.
	Session    func() int64
	NewSession func(ctx context.Context) error
	// Behind reports whether this node has more due than it can plan at once: what can
	// wait for a few seconds does; nil = never.
	Behind func() bool
	// Running returns how many executions run here.
	Running func() int
	// Pulse takes what each heartbeat answers; nil = nobody cares.
	Pulse func(ctx context.Context, p store.Pulse)
	// Cancel asks running executions to stop; Fence stops all of them.
	Cancel func(ids []job.ID)
	Fence  func()
	// Ready says that executions became ready, Wake that a cursor may have moved.
	Ready, Wake func()
	// Policy and NewID are for jobs that resume by themselves.
	Policy func() job.Policy
	NewID  func() job.ID
	// Hook runs what a job says is to run after a final failure; nil = this node runs no
	// handlers.
	Hook func(ctx context.Context, j *job.Job, e *job.Execution) job.HookRun
}

// Maintainer keeps the store in order. Its tasks are independent: one that fails
// does not hold up the others.
type Maintainer struct {
	o         Options
	life      []task // what keeps the node alive: no other task may hold it up
	upkeep    []task
	beaten    atomic.Int64  // when the last heartbeat that succeeded began, in microseconds
	rounds    atomic.Uint64 // of the loop that keeps the node alive
	fenced    atomic.Bool
	hooks     hooks
	published int64 // position in the outbox
	wake      chan struct{}
	asked     atomic.Bool // a heartbeat is wanted at once
}

// task is something to do every so often. do does a bounded part of it, and says
// whether more is left: then it is due again at once, after what else is due, so that
// no task holds up the heartbeat.
type task struct {
	name  string
	every time.Duration
	duty  *duty // nil = every node does it
	due   time.Time
	do    func(ctx context.Context, now time.Time) (more bool, err error)
}

// New returns a maintainer; Run starts it.
func New(o Options) *Maintainer {
	if o.Behind == nil {
		o.Behind = func() bool { return false }
	}
	if o.Clock == nil {
		o.Clock = func(context.Context) error { return nil }
	}
	m := &Maintainer{o: o, wake: make(chan struct{}, 1)}
	publishing, upkeep := &duty{name: "publish"}, &duty{name: "upkeep"}
	m.life = []task{
		{name: "heartbeat", every: o.Heartbeat, do: whole(m.heartbeat)},
		{name: "clock", every: o.Heartbeat, do: whole(func(ctx context.Context, _ time.Time) error { return o.Clock(ctx) })},
	}
	m.upkeep = []task{
		{name: "reap", every: o.ReapEvery, do: m.reap},
		{name: "complete", every: time.Second, duty: upkeep, do: whole(m.complete)},
		{name: "fold", every: time.Second, do: whole((&folding{fold: o.Store.Fold, behind: o.Behind}).do)},
		{name: "publish", every: 200 * time.Millisecond, duty: publishing, do: m.publish},
		{name: "retain", every: time.Minute, duty: upkeep, do: m.retain},
		{name: "trim_logs", every: time.Minute, duty: upkeep, do: whole(m.trimLogs)},
		{name: "end_pauses", every: time.Second, duty: upkeep, do: m.endPauses},
	}
	if o.Hook != nil {
		m.upkeep = append(m.upkeep, task{name: "aftermath", every: time.Second, duty: &duty{name: "aftermath"}, do: m.aftermath})
	}
	if o.Embedded {
		m.upkeep = slices.DeleteFunc(m.upkeep, func(t task) bool { return t.duty != nil })
	}
	return m
}

// whole is a task that is done in one go.
func whole(do func(ctx context.Context, now time.Time) error) func(context.Context, time.Time) (bool, error) {
	return func(ctx context.Context, now time.Time) (bool, error) { return false, do(ctx, now) }
}

// Beat makes Run send a heartbeat at once: what concerns the node has changed.
func (m *Maintainer) Beat() {
	m.asked.Store(true)
	select {
	case m.wake <- struct{}{}:
	default:
	}
}

// Tick does what is due at now and returns when the next task is. Errors of tasks
// are joined.
func (m *Maintainer) Tick(ctx context.Context, now time.Time) (next time.Time, err error) {
	first, err1 := m.live(ctx, now)
	second, err2 := m.tick(ctx, m.upkeep, now)
	if second.Before(first) {
		first = second
	}
	return first, errors.Join(err1, err2)
}

// live does what keeps the node alive.
func (m *Maintainer) live(ctx context.Context, now time.Time) (next time.Time, err error) {
	m.rounds.Add(1)
	if m.asked.Swap(false) {
		m.life[0].due = now
	}
	return m.tick(ctx, m.life, now)
}

func (m *Maintainer) tick(ctx context.Context, tasks []task, now time.Time) (next time.Time, err error) {
	var errs []error
	for i := range tasks {
		t := &tasks[i]
		if !t.due.After(now) {
			if err := m.run(ctx, t, now); err != nil {
				errs = append(errs, &taskError{task: t.name, err: err})
				t.due = now.Add(max(t.every, min(time.Second, m.o.Heartbeat)))
			}
		}
		if next.IsZero() || t.due.Before(next) {
			next = t.due
		}
	}
	return next, errors.Join(errs...)
}

// run does a part of a task that is due, unless it is the duty of another node.
func (m *Maintainer) run(ctx context.Context, t *task, now time.Time) error {
	t.due = now.Add(t.every)
	if t.duty != nil {
		if held, err := m.onDuty(ctx, t.duty, now); err != nil || !held {
			return err
		}
	}
	more, err := t.do(ctx, now)
	if more && err == nil && ctx.Err() == nil {
		t.due = now
	}
	return err
}

// taskError says which task failed.
type taskError struct {
	task string
	err  error
}

func (e *taskError) Error() string { return e.task + ": " + e.err.Error() }
func (e *taskError) Unwrap() error { return e.err }

// LastHeartbeat returns when the last heartbeat that succeeded began.
func (m *Maintainer) LastHeartbeat() time.Time {
	us := m.beaten.Load()
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}

// Rounds returns how often the loop that keeps the node alive came round.
func (m *Maintainer) Rounds() uint64 { return m.rounds.Load() }

func (m *Maintainer) complete(ctx context.Context, now time.Time) error {
	_, err := m.o.Store.CompleteJobs(ctx, now)
	return err
}

// publishBatch is how many rows of the outbox are published in one go.
const publishBatch = 1000

// publish hands events to the bus, then forgets them: at least once. When nobody listens
// they are forgotten as they are, which spares most of the work: all of them happened
// before it was asked who listens, so whoever subscribes later is not owed any.
func (m *Maintainer) publish(ctx context.Context, _ time.Time) (more bool, err error) {
	end, err := m.o.Store.OutboxEnd(ctx, m.published)
	if err != nil || end == m.published {
		return false, err
	}
	heard, err := m.o.Bus.Heard(ctx)
	switch {
	case err != nil:
		return false, err
	case heard:
		return m.publishSome(ctx)
	}
	m.published = end
	return false, m.o.Store.TrimOutbox(ctx, end)
}

// publishSome hands a part of the events to the bus.
func (m *Maintainer) publishSome(ctx context.Context) (more bool, err error) {
	for done := 0; done < publishBatch; {
		rows, err := m.o.Store.Outbox(ctx, m.published, 100)
		if err != nil || len(rows) == 0 {
			return false, err
		}
		var events []queue.Event
		for _, row := range rows {
			for _, e := range row.Events {
				events = append(events, queue.Event{Name: e.Name, ID: e.ID, At: e.At, Data: e.Data})
			}
		}
		if err := m.o.Bus.Publish(ctx, events); err != nil {
			return false, err
		}
		m.published = rows[len(rows)-1].Position
		if err := m.o.Store.TrimOutbox(ctx, m.published); err != nil {
			return false, err
		}
		done += len(rows)
	}
	return true, nil
}

// retainBatch is how many executions are removed in one transaction.
const retainBatch = 500

// retain removes old history in small transactions, so that nothing waits long.
func (m *Maintainer) retain(ctx context.Context, now time.Time) (more bool, err error) {
	_, more, err = m.o.Store.Retain(ctx, store.AnyPlatform, m.o.Retention(), now, retainBatch)
	return more, err
}

func (m *Maintainer) trimLogs(ctx context.Context, _ time.Time) error {
	freed, err := m.o.Store.TrimLogs(ctx, m.o.LogCaps)
	if freed > 0 {
		m.o.Logger.InfoContext(ctx, "logs trimmed to their limits", slog.Int64("bytes", freed))
	}
	return err
}
