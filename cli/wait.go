package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/cli/human"
	"github.com/agentic-sdlc/scheduler/cli/render"
	"github.com/agentic-sdlc/scheduler/client"
	"github.com/agentic-sdlc/scheduler/job"
)

// How often a waiting command looks, and how long it bears a daemon that is away.
const (
	pollFirst    = 20 * time.Millisecond
	pollMost     = 500 * time.Millisecond
	pollPatience = 30 * time.Second
)

// waitOptions are how a command waits for an execution.
type waitOptions struct {
	wait, logs, propagate bool
	timeout               time.Duration
	cancelOnTimeout       bool
	cancelOnInterrupt     bool
}

// declare adds the flags.
func (o *waitOptions) declare(cmd *cobra.Command) {
	f := cmd.Flags()
	f.BoolVar(&o.wait, "wait", false, "wait until it is over; the exit status tells how it ended")
	f.BoolVar(&o.logs, "logs", false, "print what it prints (implies --wait)")
	f.BoolVar(&o.propagate, "propagate-exit", false, "exit with the status of its command, 125 when there is none (implies --wait)")
	durationVar(f, &o.timeout, "timeout", "stop waiting after DURATION; the execution goes on (implies --wait)")
	f.BoolVar(&o.cancelOnTimeout, "cancel-on-timeout", false, "cancel it when --timeout is over")
	f.BoolVar(&o.cancelOnInterrupt, "cancel-on-interrupt", false, "cancel it on Ctrl-C (implies --wait)")
}

func (o waitOptions) waiting() bool {
	return o.wait || o.logs || o.propagate || o.timeout > 0 || o.cancelOnInterrupt
}

func (o waitOptions) check(a *app) error {
	switch {
	case o.cancelOnTimeout && o.timeout == 0:
		return usagef("--cancel-on-timeout needs --timeout")
	case o.logs && a.structured():
		return usagef("--logs and -o %s can't be combined", a.g.output)
	}
	return nil
}

// waiter follows one execution to its end.
type waiter struct {
	a       *app
	c       *client.Client
	o       waitOptions
	e       job.Execution
	logs    logPrinter
	after   int64 // seq of the last line printed
	told    string
	absence time.Duration
}

// await waits for an execution and turns its end into an exit status.
func (a *app) await(ctx context.Context, c *client.Client, e job.Execution, o waitOptions) error {
	if err := o.check(a); err != nil {
		return err
	}
	w := &waiter{a: a, c: c, o: o, e: e, logs: a.newLogPrinter(false)}
	waitCtx, cancel := ctx, context.CancelFunc(func() {})
	if o.timeout > 0 {
		waitCtx, cancel = context.WithTimeout(ctx, o.timeout)
	}
	defer cancel()
	err := w.poll(waitCtx)
	switch {
	case ctx.Err() != nil:
		return w.interrupted(ctx)
	case waitCtx.Err() != nil && !w.e.Status.Terminal():
		return w.timedOut(ctx)
	case err != nil:
		return err
	}
	return w.ended()
}

// poll looks until the execution is over or ctx ends.
func (w *waiter) poll(ctx context.Context) error {
	for delay := pollFirst; ; delay = min(delay*3/2, pollMost) {
		w.tell()
		if err := w.drain(ctx); err != nil {
			return err
		}
		if w.e.Status.Terminal() || !sleep(ctx, delay) {
			return nil
		}
		e, err := w.c.Execution(ctx, w.e.ID.String())
		if err == nil {
			w.e, w.absence = e, 0
			continue
		}
		if err := w.bear(err, delay); err != nil {
			return err
		}
	}
}

// bear decides whether to go on although the daemon does not answer.
func (w *waiter) bear(err error, delay time.Duration) error {
	if job.CodeOf(err) != job.Unavailable || w.absence >= pollPatience {
		return err
	}
	if w.absence == 0 {
		w.a.note("schedd is not reachable; still trying")
	}
	w.absence += delay
	return nil
}

// drain prints lines that are new.
func (w *waiter) drain(ctx context.Context) error {
	if !w.o.logs || w.e.StartedAt == nil && w.e.Attempt == 0 {
		return nil
	}
	const batch = 1000
	for {
		lines, err := w.c.Logs(ctx, w.e.ID.String(), client.LogQuery{After: w.after, Limit: batch})
		if err != nil {
			if job.CodeOf(err) == job.Unavailable {
				return nil // the next look says more
			}
			return err
		}
		for i := range lines {
			w.after = max(w.after, lines[i].Seq)
			if err := w.logs.print(&lines[i]); err != nil {
				return err
			}
		}
		if len(lines) < batch {
			return nil
		}
	}
}

// tell says on standard error where the execution stands when that is new.
func (w *waiter) tell() {
	var text string
	switch e := &w.e; {
	case e.Status == job.Running:
		text = fmt.Sprintf("running on %s, attempt %s", or(e.WorkerID, "a worker"), attempts(e))
	case e.Status == job.Pending && e.NextRetryAt != nil:
		text = fmt.Sprintf("attempt %s failed: %s; next attempt at %s", attempts(e), lastError(e), w.a.day(*e.NextRetryAt))
	case e.Status == job.Pending:
		text = queuedWord(e)
	}
	if text != "" && text != w.told {
		w.told = text
		w.a.note("%s %s", runName(&w.e), text)
	}
}

// lastError is why the newest attempt failed.
func lastError(e *job.Execution) string {
	for i := len(e.Attempts) - 1; i >= 0; i-- {
		if text := e.Attempts[i].Error; text != "" {
			return text
		}
	}
	return or(e.Error, "no reason given")
}

// queuedWord says how an execution was taken up.
func queuedWord(e *job.Execution) string {
	if e.Status == job.Skipped {
		return "skipped: " + runError(e)
	}
	text := "queued"
	if e.TriggeredBy != "" {
		text += " by " + e.TriggeredBy
	}
	return text + " (" + string(e.Trigger) + ")"
}

// ended turns the end of the execution into what the command returns.
func (w *waiter) ended() error {
	e := &w.e
	if err := w.print(); err != nil {
		return err
	}
	status := outcomes[e.Status]
	if w.o.propagate {
		status = ownStatus(e)
	}
	if e.Status == job.Success {
		if !w.a.g.quiet {
			word := w.a.marked(string(e.Status), executionMarks[e.Status])
			w.a.errLine(render.Clean(runName(e)) + " " + w.a.paint(word.Style, word.Text) + " in " + human.Millis(e.DurationMS))
		}
		if status == exitOK {
			return nil
		}
		return &statusError{status: status, outcome: true}
	}
	problem := &job.Error{Code: job.Code(e.Status), Message: w.sentence()}
	if e.Attempt > 0 && e.ErrorClass == "step_failed" {
		problem.Hint = "schedctl workflow steps " + runName(e)
	} else if e.Attempt > 0 {
		problem.Hint = "schedctl logs " + runName(e)
		if e.Attempt > 1 {
			problem.Hint += fmt.Sprintf(" --attempt %d", e.Attempt)
		}
	}
	return &statusError{status: status, err: problem, outcome: true}
}

// print writes the execution to standard output where a format asks for it.
func (w *waiter) print() error {
	switch {
	case w.a.structured():
		return w.a.printStructured(w.e)
	case w.a.g.output == formatName:
		w.a.say("%s", runName(&w.e))
	}
	return nil
}

// sentence says how an execution ended that did not succeed.
func (w *waiter) sentence() string {
	e := &w.e
	word := map[job.Status]string{
		job.Failed: "failed", job.TimedOut: "timed out", job.Cancelled: "was cancelled", job.Skipped: "was skipped",
	}[e.Status]
	text := runName(e) + " " + word
	if e.Attempt > 1 {
		text += fmt.Sprintf(" after %d attempts", e.Attempt)
	}
	if reason := runError(e); reason != "" {
		text += ": " + reason
	}
	return text
}

// ownStatus is the exit status of the command that ran; without one it is ours.
func ownStatus(e *job.Execution) int {
	switch {
	case e.ExitCode != nil && *e.ExitCode > 0 && *e.ExitCode < 256:
		return *e.ExitCode
	case e.Status == job.Success:
		return exitOK
	}
	return exitOwn
}

// timedOut stops waiting.
func (w *waiter) timedOut(ctx context.Context) error {
	if w.o.cancelOnTimeout {
		if err := w.cancel(ctx, "schedctl: --timeout was over"); err != nil {
			return err
		}
		return job.Errorf(job.Timeout, "%s was not over after %s and is cancelled", runName(&w.e), human.Setting(w.o.timeout))
	}
	return job.Errorf(job.Timeout, "%s is not over after %s; it goes on", runName(&w.e), human.Setting(w.o.timeout)).
		WithHint("schedctl logs -f %s", runName(&w.e))
}

// interrupted stops waiting because of Ctrl-C.
func (w *waiter) interrupted(ctx context.Context) error {
	if !w.o.cancelOnInterrupt {
		w.a.note("%s goes on; attach again with: schedctl logs -f %s", runName(&w.e), runName(&w.e))
		return exitWith(exitInterrupted)
	}
	ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer stop()
	if err := w.cancel(ctx, "schedctl: interrupted"); err != nil {
		return &statusError{status: exitInterrupted, err: err}
	}
	w.a.note("%s is cancelled", runName(&w.e))
	return exitWith(exitInterrupted)
}

// cancel asks for the end of the execution; one that is over is no error.
func (w *waiter) cancel(ctx context.Context, reason string) error {
	err := w.c.CancelExecution(ctx, w.e.ID.String(), api.Cancel{Reason: reason})
	if e, ok := errors.AsType[*job.Error](err); ok && e.Code == job.Conflict {
		return nil
	}
	return err
}
