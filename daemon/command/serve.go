package command

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	sd "github.com/coreos/go-systemd/v22/daemon"

	"github.com/agentic-sdlc/scheduler/daemon/config"
	"github.com/agentic-sdlc/scheduler/daemon/logging"
	"github.com/agentic-sdlc/scheduler/internal/build"
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
	// Status tells the service manager, and whoever asks it, how things stand.
	Status func(text string)
}

// Causes of the end of Serve's context.
var (
	errInterrupted = errors.New("interrupted")
	errTerminated  = errors.New("terminated")
)

// flush is how long the last log lines may take.
const flush = 2 * time.Second

// runServe runs the daemon under the signals: the first INT or TERM asks it to stop,
// the second ends the program at once, HUP reads the configuration again.
func runServe(ctx context.Context, env Env, src *source, serve Serve) (err error) {
	// A log whose reader has gone is an error of a write, not the end of the daemon.
	pipes := make(chan os.Signal, 1)
	signal.Notify(pipes, syscall.SIGPIPE)
	defer signal.Stop(pipes)

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
		Redact: cfg.Log.Redact, Getenv: env.getenv,
	})
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), flush)
		defer cancel()
		log.Close(ctx)
	}()
	for _, w := range warnings {
		log.Warn("environment", slog.String("problem", w))
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

// runner is one life of the daemon as its signals see it.
type runner struct {
	env     Env
	options config.Options
	cfg     config.Config
	log     *logging.Logger
	reloads chan config.Config
}

func (r *runner) run(ctx context.Context, serve Serve) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	done := make(chan error, 1)
	go func() {
		done <- serve(ctx, Service{
			Config: r.cfg, Logger: r.log.Logger, Build: build.Get(), Dropped: r.log.Dropped, Reloads: r.reloads,
			Ready: func(addr string) {
				r.log.Info("ready", slog.String("address", addr))
				notify(sd.SdNotifyReady, "STATUS=ready")
			},
			Status: func(text string) { notify("STATUS=" + text) },
		})
	}()
	stopping := false
	for {
		select {
		case err := <-done:
			return err
		case sig := <-r.env.Signals:
			switch {
			case sig == syscall.SIGHUP && !stopping:
				r.reload()
			case sig == syscall.SIGHUP:
			case stopping:
				return errors.New("told to stop twice: stopped at once, what still ran is lost")
			default:
				stopping = true
				r.log.Info("stopping", slog.String("signal", sig.String()))
				notify(sd.SdNotifyStopping, "STATUS=stopping")
				stop(cause(sig))
			}
		}
	}
}

func cause(sig os.Signal) error {
	if sig == syscall.SIGTERM {
		return errTerminated
	}
	return errInterrupted
}

// reload reads the configuration again. A bad one changes nothing.
func (r *runner) reload() {
	notifyReloading()
	next, _, err := config.Load(r.options)
	if err != nil {
		r.log.Error("reload failed, the old configuration holds", slog.Any("error", err))
		notify(sd.SdNotifyReady, "STATUS=reload failed: the old configuration holds")
		return
	}
	applied, restart := config.Reloadable(r.cfg, next)
	r.cfg = config.Apply(r.cfg, next)
	r.log.SetLevel(logging.ParseLevel(r.cfg.Log.Level))
	r.log.SetRedact(r.cfg.Log.Redact)
	if len(restart) > 0 {
		r.log.Warn("some changes need a restart", slog.Any("keys", restart))
	}
	r.log.Info("reloaded", slog.Any("applied", applied))
	r.send()
	notify(sd.SdNotifyReady, "STATUS=ready")
}

// send leaves the configuration for the daemon, in place of one that it has not taken.
func (r *runner) send() {
	select {
	case <-r.reloads:
	default:
	}
	r.reloads <- r.cfg
}
