package daemon

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"time"

	"github.com/agentic-sdlc/scheduler/daemon/config"
	"github.com/agentic-sdlc/scheduler/handler"
	"github.com/agentic-sdlc/scheduler/internal/build"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/queue/memory"
	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/postgres"
)

// roleEmbedded is the role of a session that runs functions of another program. It has
// no handlers but those: what it lists, anybody may use.
const roleEmbedded = "embedded"

// WorkerOptions are those of package worker.
type WorkerOptions struct {
	DSN, Node          string
	Slots              int
	Drain, Lease, Poll time.Duration
	Logger             *slog.Logger
	Handlers           *handler.Registry
}

func (o *WorkerOptions) fill() error {
	if o.DSN == "" {
		return errors.New("worker without a store: set Options.DSN")
	}
	if o.Node == "" {
		host, err := os.Hostname()
		if err != nil {
			return fmt.Errorf("worker without a name: %w", err)
		}
		o.Node = fmt.Sprintf("%s-%d", host, os.Getpid())
	}
	for d, standard := range map[*time.Duration]time.Duration{&o.Drain: 30 * time.Second, &o.Lease: 30 * time.Second, &o.Poll: 250 * time.Millisecond} {
		if *d == 0 {
			*d = standard
		}
	}
	if o.Slots == 0 {
		o.Slots = 16
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return nil
}

// RunWorker runs functions of a program that embeds a worker until ctx ends, then drains.
// It shares nothing with the nodes but the store, which it never changes the schema of.
func RunWorker(ctx context.Context, o WorkerOptions) error {
	if err := o.fill(); err != nil {
		return err
	}
	s, err := postgres.Open(ctx, postgres.Options{
		URL: o.DSN, Node: o.Node, KeepSchema: true, MaxConns: 8, Warn: func(message string) { o.Logger.WarnContext(ctx, message) },
	})
	if err != nil {
		return fmt.Errorf("open the store: %w", err)
	}
	line := memory.New(memory.Options{})
	engine := NewEngine(EngineOptions{
		Store: s, Queue: line, Bus: memory.NewBus(memory.BusOptions{}), Handlers: o.Handlers, Logger: o.Logger, Node: o.Node, Version: build.Get().Version,
		Shared: true, Roles: []string{config.RoleWorker, roleEmbedded}, Settings: Settings{Policy: job.DefaultPolicy()}, Slots: o.Slots, Poll: o.Poll,
		Lease: o.Lease, Heartbeat: o.Lease / 6, ReapEvery: o.Lease / 6, Drain: o.Drain,
	})
	return errors.Join(engine.Run(ctx), line.Close(), s.Close())
}

// Reserved reports whether a name is that of a handler that schedd brings along.
func Reserved(name string) bool { return slices.Contains(config.BuiltIn(), name) }

// Functions returns the names of the functions of embedded workers that live, as of the
// last heartbeat.
func (e *Engine) Functions() []string {
	f := e.standing.fellows.Load()
	if f == nil {
		return nil
	}
	return f.functions
}

// embedded reports whether a session runs functions of another program.
func embedded(s *store.Session) bool { return slices.Contains(s.Roles, roleEmbedded) }
