package command

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/agentic-sdlc/scheduler/daemon/config"
	"github.com/agentic-sdlc/scheduler/daemon/logging"
	"github.com/agentic-sdlc/scheduler/internal/build"
	"github.com/agentic-sdlc/scheduler/internal/secret"
)

// Serve runs the daemon until ctx ends, drains, and returns nil; an error is what
// kept it from starting or going on. An error with a method ExitCode() int chooses
// the exit status.
type Serve func(ctx context.Context, s Service) error

// Service is what the daemon gets.
type Service struct {
	Config  config.Config
	Logger  *slog.Logger
	Build   build.Info
	Dropped func() uint64 // log lines lost so far

	// Reloads carries the configuration that holds after a SIGHUP that found a good
	// one: only reloadable keys differ. A newer one replaces one that nobody took.
	Reloads <-chan config.Config
	// Ready is called once, when requests are answered at addr.
	Ready func(addr string)
	// Watch takes what counts the rounds of the loops that must not stand still, by
	// name; the watchdog of the service manager lives on them.
	Watch func(rounds func() map[string]uint64)
	// Migrating says that the schema is being brought up to date, so that the service
	// manager waits for as long as that takes; done says that it is over.
	Migrating func(have, want int64) (done func())
	// Status takes how the daemon is, in a few words; nil = there is no service manager.
	Status func(text string)
}

// flush is how long the last log lines may take.
const flush = 2 * time.Second

// runServe runs the daemon under the signals: the first INT or TERM asks it to stop,
// the second ends the program at once, HUP reads the configuration again.
func runServe(ctx context.Context, env Env, src *source, serve Serve) (err error) {
	var warnings []string
	o := src.options()
	o.Warn = func(w string) { warnings = append(warnings, w) }
	if src.dev && !src.choosesData() {
		dir, err := os.MkdirTemp("", "schedd-dev-")
		if err != nil {
			return fmt.Errorf("make a temporary folder: %w", err)
		}
		defer os.RemoveAll(dir)
		o.Flags = append(o.Flags, config.Flag{Key: "data_dir", Value: dir, Name: "--dev"})
	}
	cfg, origins, err := config.Load(o)
	if err != nil {
		return err
	}
	log := logging.New(logging.Options{
		Out: env.Err, Format: logging.Format(cfg.Log.Format), Level: logging.ParseLevel(cfg.Log.Level),
		Redact: cfg.Log.Redact, Hide: secret.New(cfg.Secrets()).Hide, Getenv: env.getenv,
	})
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), flush)
		defer cancel()
		log.Close(ctx)
	}()
	for _, w := range warnings {
		log.Warn("configuration", slog.String("problem", w))
	}
	log.Info("starting", slog.String("version", build.Get().Version), slog.String("node", cfg.NodeID),
		slog.String("config", origins.File), slog.String("data_dir", cfg.DataDir))

	r := &runner{env: env, options: o, cfg: cfg, log: log, reloads: make(chan config.Config, 1)}
	if err := r.run(ctx, serve); err != nil {
		log.Error("stopped", slog.Any("error", err))
		return logged{err}
	}
	log.Info("stopped")
	return nil
}
