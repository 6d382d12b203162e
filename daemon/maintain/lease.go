package maintain

import (
	"context"
	"log/slog"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// heartbeat prolongs the lease. When the session is gone already, all that runs is
// stopped and a new session is opened.
func (m *Maintainer) heartbeat(ctx context.Context, now time.Time) error {
	ctx, cancel := context.WithTimeout(ctx, m.o.Lease/3)
	defer cancel()
	pulse, err := m.o.Store.Heartbeat(ctx, store.Beat{Session: m.o.Session(), Now: now, Lease: m.o.Lease, Running: m.o.Running()})
	switch {
	case err == nil:
		m.beaten.Store(now.UnixMicro())
		m.fenced.Store(false)
		m.o.Cancel(pulse.Cancels)
		if m.o.Pulse != nil {
			m.o.Pulse(ctx, pulse)
		}
		return nil
	case job.CodeOf(err) == job.Conflict:
		m.o.Logger.WarnContext(ctx, "the lease was lost: what runs here is stopped, and a new session is opened")
		m.o.Fence()
		if err := m.o.NewSession(ctx); err != nil {
			return err
		}
		m.beaten.Store(now.UnixMicro())
		m.fenced.Store(false)
		return nil
	}
	m.guard(ctx, m.o.Now())
	return err
}

// guard fences the node before its lease ends: others may start its executions from
// then on.
func (m *Maintainer) guard(ctx context.Context, now time.Time) {
	if m.Holds(now) || m.fenced.Swap(true) {
		return
	}
	m.o.Logger.ErrorContext(ctx, "the lease cannot be prolonged: what runs here is stopped", slog.Duration("since", now.Sub(m.LastHeartbeat())))
	m.o.Fence()
}

// Holds reports whether the lease is far from its end. Before the first heartbeat it is
// that of the session's opening, a moment ago.
func (m *Maintainer) Holds(now time.Time) bool {
	last := m.LastHeartbeat()
	return last.IsZero() || now.Sub(last) <= m.o.Lease-m.margin()
}

// margin is how long before the end of its lease a node stops.
func (m *Maintainer) margin() time.Duration { return m.o.Lease / 6 }

// reap takes work away from dead sessions. A node whose own heartbeat is not fresh
// does not judge others, nor does one whose clock is not the store's.
func (m *Maintainer) reap(ctx context.Context, now time.Time) (more bool, err error) {
	if now.Sub(m.LastHeartbeat()) > m.o.Lease/2 {
		return false, nil
	}
	at, err := m.o.Store.Clock(ctx)
	if err != nil {
		return false, err
	}
	if apart := at.Sub(now); apart.Abs() > m.o.Lease/4 {
		m.o.Logger.WarnContext(ctx, "this node's clock is not the store's: it takes nothing from others", slog.Duration("apart", apart))
		return false, m.o.Clock(ctx)
	}
	reaped, err := m.o.Store.Reap(ctx, now, retainBatch)
	if reaped.Restarted+reaped.Failed > 0 {
		m.o.Logger.WarnContext(ctx, "executions of dead sessions taken over", slog.Int("sessions", reaped.Sessions),
			slog.Int("restarted", reaped.Restarted), slog.Int("failed", reaped.Failed))
		m.o.Ready()
	}
	return reaped.More, err
}
