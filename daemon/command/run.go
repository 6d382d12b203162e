package command

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"syscall"
	"time"

	sd "github.com/coreos/go-systemd/v22/daemon"

	"github.com/agentic-sdlc/scheduler/daemon/config"
	"github.com/agentic-sdlc/scheduler/daemon/logging"
	"github.com/agentic-sdlc/scheduler/internal/build"
)

// Causes of the end of Serve's context.
var (
	errInterrupted = errors.New("interrupted")
	errTerminated  = errors.New("terminated")
)

var errTwice = errors.New("told to stop twice: stopped at once, what still ran is lost")

// bounce is how soon after the first a signal is taken for the same one: programs
// that wrap others (timeout, for one) signal the process and then its group.
const bounce = 200 * time.Millisecond

// now is the clock of what is checked once.
func now() time.Time { return time.Now() }

// runner is one life of the daemon as its signals see it.
type runner struct {
	env     Env
	options config.Options
	cfg     config.Config
	log     *logging.Logger
	reloads chan config.Config
	words   words
}

func (r *runner) run(ctx context.Context, serve Serve) error {
	life, end := context.WithCancel(ctx)
	defer end()
	ctx, stop := context.WithCancelCause(life)
	defer stop(nil)
	done := make(chan error, 1)
	go func() {
		done <- serve(ctx, Service{
			Config: r.cfg, Logger: r.log.Logger, Build: build.Get(), Dropped: r.log.Dropped, Reloads: r.reloads,
			Ready: func(addr string) {
				r.log.Info("ready", slog.String("address", addr))
				notify(sd.SdNotifyReady, r.words.is("ready"))
			},
			Migrating: migrating, Status: r.words.status(),
			Watch: func(rounds func() map[string]uint64) { go r.watch(life, ctx, rounds) },
		})
	}()
	var stopping time.Time // when the first signal to stop came; zero = none did
	for {
		select {
		case err := <-done:
			return err
		case sig := <-r.env.Signals:
			switch {
			case sig == syscall.SIGHUP && stopping.IsZero():
				r.reload()
			case sig == syscall.SIGHUP || !stopping.IsZero() && time.Since(stopping) < bounce:
			case !stopping.IsZero():
				return errTwice
			default:
				stopping = time.Now()
				r.log.Info("stopping", slog.String("signal", sig.String()))
				notify(sd.SdNotifyStopping, r.words.is("stopping"))
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
		notify(sd.SdNotifyReady, r.words.failed(err))
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
	notify(sd.SdNotifyReady, r.words.failed(nil))
}

// send leaves the configuration for the daemon, in place of one that it has not taken.
func (r *runner) send() {
	select {
	case <-r.reloads:
	default:
	}
	r.reloads <- r.cfg
}
