package exec

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"syscall"
	"time"

	"github.com/agentic-sdlc/scheduler/handler"
	"github.com/agentic-sdlc/scheduler/internal/supervise"
)

// Exit codes for what a shell cannot run.
const (
	codeNotExecutable = 126
	codeNotFound      = 127
)

// outcome says how the attempt ended.
func (a *attempt) outcome(ctx context.Context, err error) (handler.Result, error) {
	a.describe(ctx.Err() != nil)
	switch {
	case err == nil:
		return a.ended()
	case errors.Is(err, supervise.ErrLost), errors.Is(err, supervise.ErrClosed):
		return handler.Result{}, &handler.Failure{Class: "supervisor_lost", Message: "the supervisor of commands died, and the command with it", Err: err}
	case errors.Is(err, supervise.ErrUnkillable):
		return handler.Result{}, &handler.Failure{Class: "unkillable", Message: "the command cannot be killed: it hangs in the system, or runs as another user", Err: err}
	case ctx.Err() != nil && !isStartError(err):
		return a.stopped(ctx)
	}
	return a.refused(err)
}

// describe tells the operator what the log of the command cannot.
func (a *attempt) describe(stopped bool) {
	if a.exit.Killed && stopped && a.grace > 0 {
		a.note("SIGTERM did not end the command within %s: it got SIGKILL", a.grace)
	}
	if a.exit.Leftovers > 0 {
		a.note("processes that the command left running were killed: %d", a.exit.Leftovers)
	}
	if a.exit.Stuck > 0 {
		a.note("processes that the command left running survive SIGKILL: %d", a.exit.Stuck)
	}
}

// ended is the outcome of a command that came to its own end.
func (a *attempt) ended() (handler.Result, error) {
	switch {
	case a.exit.Signal != 0:
		name := a.exit.SignalName()
		return result(128+int(a.exit.Signal), name), &handler.Failure{
			Class: "signal", Message: a.withLast("killed by " + name),
		}
	case a.exit.Status != 0:
		return result(a.exit.Status, ""), &handler.Failure{
			Class: "exit_status", Message: a.withLast(fmt.Sprintf("exit status %d", a.exit.Status)),
		}
	}
	return result(0, ""), nil
}

// stopped is the outcome of a command that was stopped, whatever it made of that.
func (a *attempt) stopped(ctx context.Context) (handler.Result, error) {
	r := handler.Result{}
	switch {
	case a.exit.Signal != 0:
		r = result(128+int(a.exit.Signal), a.exit.SignalName())
	case a.exit.PID != 0:
		r = result(a.exit.Status, "")
	}
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		message := fmt.Sprintf("timed out after %s", a.took.Round(time.Millisecond))
		return r, &handler.Failure{Class: "timeout", Message: a.withLast(message), Err: context.DeadlineExceeded}
	}
	message := fmt.Sprintf("command stopped: %v", context.Cause(ctx))
	return r, &handler.Failure{Class: "cancelled", Message: message, Err: ctx.Err()}
}

// refused is the outcome of a command that did not start.
func (a *attempt) refused(err error) (handler.Result, error) {
	failure := func(class, message string) error {
		return &handler.Failure{Class: class, Message: message, Err: err}
	}
	start, early := errors.AsType[*startError](err)
	why := fmt.Sprintf("%s: %v", a.program, reason(err))
	switch {
	case early && start.code == codeNotFound:
		return result(codeNotFound, ""), failure("not_found", start.Error())
	case early:
		return result(codeNotExecutable, ""), failure("not_executable", start.Error())
	case !isStartError(err): // the directory, or files for the pipes
		return handler.Result{}, failure("start_failed", err.Error())
	case errors.Is(err, syscall.ENOENT):
		return result(codeNotFound, ""), failure("not_found", why+" (the interpreter of its #! line may be missing)")
	case errors.Is(err, syscall.ENOEXEC):
		return result(codeNotExecutable, ""), failure("not_executable", why+" (a script needs a #! line)")
	case errors.Is(err, fs.ErrPermission):
		return result(codeNotExecutable, ""), failure("not_executable", why)
	}
	return handler.Result{}, failure("start_failed", why)
}

func isStartError(err error) bool {
	_, ok := errors.AsType[*supervise.StartError](err)
	return ok
}

// withLast adds the last line of stderr to a message.
func (a *attempt) withLast(message string) string {
	if a.last == "" {
		return message
	}
	return message + ": " + a.last
}

// reason is the system's own word in an error, without the call and the path.
func reason(err error) error {
	if errno, ok := errors.AsType[syscall.Errno](err); ok {
		return errno
	}
	return err
}
