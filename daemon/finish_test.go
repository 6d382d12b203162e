package daemon

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/internal/testbed"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// mute is a store that takes no last word once it is full.
type mute struct {
	store.Store

	full atomic.Bool
}

func (m *mute) err() error {
	if m.full.Load() {
		return job.Errorf(job.StorageFull, "the disk of the store is full")
	}
	return nil
}

func (m *mute) Fold(ctx context.Context) error {
	if err := m.err(); err != nil {
		return err
	}
	return m.Store.Fold(ctx)
}

func (m *mute) CloseSession(ctx context.Context, session int64, at time.Time) error {
	if err := m.err(); err != nil {
		return err
	}
	return m.Store.CloseSession(ctx, session, at)
}

// TestLastWordNotWritten: a stop is an orderly one, of status 0, when the store does not take
// the node's last word: the log says so, and what the node did is done.
func TestLastWordNotWritten(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer // read once the engine has stopped
	var m mute
	b := newBed(t, 4, func(o *EngineOptions) {
		m.Store = o.Store
		o.Store, o.Logger = &m, slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelWarn}))
	})
	b.create(t, 1, now())
	testbed.Eventually(t, "a run is settled", time.Minute, func() bool {
		all, err := b.store.ListExecutions(t.Context(), store.ExecutionFilter{Platform: job.DefaultPlatform, Statuses: []job.Status{job.Success}})
		return err == nil && len(all.Items) == 1
	})
	m.full.Store(true)
	err := b.stop()
	if exit := new(exitError); err != nil || errors.As(err, &exit) {
		t.Errorf("the stop = %v, want no error: status 0", err)
	}
	if !strings.Contains(log.String(), "last word of this node not written") {
		t.Errorf("the log does not tell:\n%s", &log)
	}
	sessions, err := b.store.ListSessions(t.Context(), now())
	if err != nil || len(sessions) != 1 || sessions[0].ClosedAt != nil {
		t.Errorf("sessions = %+v, %v; want one whose lease runs out", sessions, err)
	}
}
