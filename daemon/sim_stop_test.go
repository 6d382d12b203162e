package daemon_test

import (
	"context"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/daemon"
	"github.com/agentic-sdlc/scheduler/handler"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/queue/memory"
	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/sqlite"
)

// stopping is a store that is asked to stop the engine while it is at work.
type stopping struct {
	store.Store
	stop context.CancelFunc
	at   string
}

func (s *stopping) OpenSession(ctx context.Context, p store.Session) error {
	if s.at == "session" {
		s.stop()
	}
	return s.Store.OpenSession(ctx, p)
}

func (s *stopping) Retain(ctx context.Context, platform string, r store.Retention, now time.Time, limit int) (store.Retained, bool, error) {
	if s.at == "retain" {
		s.stop()
	}
	return s.Store.Retain(ctx, platform, r, now, limit)
}

// TestStopDuringStart is F36: an engine that is asked to stop while it starts ends
// without an error, for that makes the daemon's status 0.
func TestStopDuringStart(t *testing.T) {
	t.Parallel()
	for _, at := range []string{"session", "retain"} {
		t.Run(at, func(t *testing.T) {
			t.Parallel()
			s, err := sqlite.Open(t.Context(), sqlite.Options{Path: filepath.Join(t.TempDir(), "schedd.db"), Synchronous: "normal", Instance: "stop"})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			e := daemon.NewEngine(daemon.EngineOptions{
				Store: &stopping{Store: s, stop: cancel, at: at}, Queue: memory.New(memory.Options{}), Bus: memory.NewBus(memory.BusOptions{}),
				Handlers: &handler.Registry{}, Logger: slog.New(slog.DiscardHandler), Node: "stop", Slots: 1, SlowSlots: 1,
				Settings: daemon.Settings{Policy: job.DefaultPolicy()},
				Lease:    30 * time.Second, Heartbeat: 5 * time.Second, ReapEvery: 5 * time.Second, Drain: time.Second,
			})
			if err := e.Run(ctx); err != nil {
				t.Errorf("Run = %v, want no error", err)
			}
		})
	}
}
