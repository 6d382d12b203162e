package exec

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	"github.com/agentic-sdlc/scheduler/handler"
	"github.com/agentic-sdlc/scheduler/internal/supervise"
	"github.com/agentic-sdlc/scheduler/job"
)

const (
	defaultGrace = 4 * time.Second
	// drain is how long output is read after the command and all it started are
	// dead: only somebody who got hold of the pipe otherwise keeps it open.
	drain = 2 * time.Second
	// A program that is just being written (ETXTBSY) is tried again.
	busyTries = 5
	busyPause = 100 * time.Millisecond
)

// Run runs the command of t and returns when it and everything it started are
// dead. When ctx ends it gets SIGTERM, and after Options.Grace SIGKILL. The output
// goes to t.Log line by line, at level info.
func (h *Handler) Run(ctx context.Context, t *handler.Task) (handler.Result, error) {
	s, err := h.plan(t.Payload)
	if err != nil {
		return handler.Result{}, &handler.Failure{Class: "bad_payload", Message: err.Error(), Permanent: true, Err: err}
	}
	if h.named != nil && h.named.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, h.named.Timeout)
		defer cancel()
	}
	began := time.Now()
	a := attempt{grace: max(h.o.Grace, 0), log: t.Log, program: s.argv[0]}
	cmd, err := h.command(s, t)
	if err != nil {
		return a.refused(err)
	}
	for try := 1; ; try++ {
		err = a.once(ctx, h.o.Runner, cmd)
		if try == busyTries || !errors.Is(err, syscall.ETXTBSY) || !sleep(ctx, busyPause) {
			break
		}
	}
	a.took = time.Since(began)
	return a.outcome(ctx, err)
}

// command is what the supervisor gets, less the pipes.
func (h *Handler) command(s spec, t *handler.Task) (supervise.Command, error) {
	dir := s.dir
	if dir == "" {
		dir = h.o.Dir
	}
	if err := mustBeDir(dir); err != nil {
		return supervise.Command{}, err
	}
	env := h.environ(s, t)
	path, err := lookPath(s.argv[0], valueOf(env, "PATH"), dir)
	if err != nil {
		return supervise.Command{}, err
	}
	return supervise.Command{
		Path: path, Argv: s.argv, Env: env, Dir: dir, Stdin: s.stdin, Grace: h.o.Grace, Limits: h.o.Limits,
	}, nil
}

// attempt is one run of a command.
type attempt struct {
	program string
	grace   time.Duration
	log     handler.Log
	took    time.Duration
	exit    supervise.Exit
	last    string // line of stderr
}

// once starts the command, copies its output to the log and waits for both ends.
func (a *attempt) once(ctx context.Context, runner Runner, cmd supervise.Command) error {
	stdout, err := newPipe(job.StreamStdout, a.log)
	if err != nil {
		return err
	}
	defer stdout.close()
	stderr, err := newPipe(job.StreamStderr, a.log)
	if err != nil {
		return err
	}
	defer stderr.close()
	cmd.Stdout, cmd.Stderr = stdout.write, stderr.write
	go stdout.copy()
	go stderr.copy()
	a.exit, err = runner.Run(ctx, cmd)
	end := time.Now().Add(drain)
	stdout.wait(end)
	stderr.wait(end)
	if stdout.open || stderr.open {
		a.note("the output is still open in another process; what follows is dropped")
	}
	a.last = stderr.last
	return err
}

// note writes a line of ours into the attempt's log.
func (a *attempt) note(format string, args ...any) {
	a.log.Line(job.LogWarn, job.StreamSystem, fmt.Sprintf(format, args...))
}

// value is the result of an attempt.
type value struct {
	ExitCode int    `json:"exit_code"`
	Signal   string `json:"signal,omitempty"`
}

func result(code int, signal string) handler.Result {
	raw, err := json.Marshal(value{ExitCode: code, Signal: signal})
	if err != nil {
		raw = nil // cannot happen: a number and a name
	}
	return handler.Result{Value: raw, ExitCode: &code}
}

// sleep waits; false when ctx ended first.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

func mustBeDir(dir string) error {
	info, err := os.Stat(dir)
	if err == nil && !info.IsDir() {
		err = syscall.ENOTDIR
	}
	if err != nil {
		return fmt.Errorf("working directory %s: %w", dir, reason(err))
	}
	return nil
}
