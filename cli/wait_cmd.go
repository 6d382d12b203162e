package cli

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/agentic-sdlc/scheduler/cli/human"
	"github.com/agentic-sdlc/scheduler/client"
	"github.com/agentic-sdlc/scheduler/job"
)

// What wait waits for.
const (
	waitFinished = "finished"
	waitSuccess  = "success"
	waitNextRun  = "next-run"
	waitStatus   = "status=" // with a status behind it
)

// goal is a flag that takes what to wait for.
type goal struct{ target *string }

func (g goal) String() string { return *g.target }
func (g goal) Type() string   { return "word" }

func (g goal) Set(text string) error {
	status, isStatus := strings.CutPrefix(text, waitStatus)
	switch {
	case isStatus && slices.Contains(job.Statuses(), job.Status(status)), text == waitFinished, text == waitSuccess, text == waitNextRun:
		*g.target = text
		return nil
	case isStatus:
		return notAllowed(status, words(job.Statuses()))
	}
	return notAllowed(text, []string{waitFinished, waitSuccess, waitNextRun, waitStatus})
}

type waitCmdOptions struct {
	goal    string
	timeout time.Duration
}

func newWaitCmd(a *app) *cobra.Command {
	o := waitCmdOptions{goal: waitFinished}
	cmd := &cobra.Command{
		Use:   "wait JOB|EXECUTION...",
		Short: "Wait until executions are over, or stand in a status",
		Long: `Wait until executions are over, or stand in a status. A job means its newest execution;
with --for next-run it means the next one. What fails while success was waited for gives the
exit statuses 10 to 13; --timeout gives 7 and changes nothing.`,
		Example: `  schedctl wait nightly-backup/184 --timeout 30m
  schedctl wait nightly-backup report --for success
  schedctl wait nightly-backup --for next-run
  schedctl wait nightly-backup/185 --for status=running`,
		GroupID:           groupJobs,
		Args:              atLeast(1, "JOB|EXECUTION"),
		ValidArgsFunction: completeJobOrRun(a, 100),
		RunE: a.action(func(cmd *cobra.Command, args []string) error {
			return runWait(cmd.Context(), a, args, o)
		}),
	}
	offered := []string{waitFinished, waitSuccess, waitNextRun, waitStatus}
	cmd.Flags().Var(goal{&o.goal}, "for", "what to wait for: "+strings.Join(offered, "|"))
	durationVar(cmd.Flags(), &o.timeout, "timeout", "stop waiting after DURATION")
	_ = cmd.RegisterFlagCompletionFunc("for", func(_ *cobra.Command, _ []string, prefix string) ([]string, cobra.ShellCompDirective) {
		if strings.HasPrefix(prefix, waitStatus) {
			var all []string
			for _, s := range job.Statuses() {
				all = append(all, waitStatus+string(s))
			}
			return all, noFileComp
		}
		return offered, noFileComp | cobra.ShellCompDirectiveNoSpace
	})
	return cmd
}

func runWait(ctx context.Context, a *app, refs []string, o waitCmdOptions) error {
	c, err := a.connect()
	if err != nil {
		return err
	}
	waitCtx, cancel := ctx, context.CancelFunc(func() {})
	if o.timeout > 0 {
		waitCtx, cancel = context.WithTimeout(ctx, o.timeout)
	}
	defer cancel()
	waiters := make([]*waiter, 0, len(refs))
	for _, ref := range refs { // all are found before the first is waited for
		w, err := a.waiterFor(waitCtx, c, ref, o)
		if err != nil {
			return o.explain(ctx, waitCtx, ref, err)
		}
		waiters = append(waiters, w)
	}
	var ended []job.Execution
	var verdict error
	for _, w := range waiters {
		met, err := w.until(waitCtx, o.goal)
		if err == nil && waitCtx.Err() != nil && !met {
			err = waitCtx.Err()
		}
		if err != nil {
			if ctx.Err() != nil {
				return w.interrupted(ctx)
			}
			return o.explain(ctx, waitCtx, runName(&w.e), err)
		}
		ended = append(ended, w.e)
		if fault := w.verdict(o.goal, met); fault != nil {
			if verdict != nil {
				a.complain(verdict)
			}
			verdict = fault
		}
	}
	if err := a.printWaited(ended); err != nil {
		return err
	}
	return verdict
}

// explain tells an end of patience from other errors.
func (o waitCmdOptions) explain(ctx, waitCtx context.Context, what string, err error) error {
	switch {
	case ctx.Err() != nil:
		return exitWith(exitInterrupted)
	case waitCtx.Err() != nil:
		return job.Errorf(job.Timeout, "%s %s after %s", what, o.unmet(), human.Setting(o.timeout))
	}
	return err
}

// unmet says what is not so yet, behind the name of what was waited for.
func (o waitCmdOptions) unmet() string {
	switch status, isStatus := strings.CutPrefix(o.goal, waitStatus); {
	case isStatus:
		return "is not " + status
	case o.goal == waitNextRun:
		return "has no further run that is over"
	}
	return "is not over"
}

// waiterFor finds what to follow for an argument.
func (a *app) waiterFor(ctx context.Context, c *client.Client, ref string, o waitCmdOptions) (*waiter, error) {
	e, isJob, err := findRun(ctx, c, ref)
	if o.goal == waitNextRun {
		switch {
		case err != nil && !(isJob && job.CodeOf(err) == job.NotFound):
			return nil, err
		case !isJob:
			return nil, usagef("--for next-run takes jobs, and %s is an execution", ref)
		}
		j, fault := c.Job(ctx, ref) // it may have no run yet, but one must be able to come
		switch {
		case fault != nil:
			return nil, fault
		case j.Status.Terminal():
			return nil, job.Errorf(job.Conflict, "job %s is %s: no run follows", j.Name, j.Status).WithHint("schedctl job history %s has those that were", j.Name)
		}
		e, err = a.nextRun(ctx, c, ref, e.RunNumber)
	}
	return &waiter{a: a, c: c, e: e}, err
}

// until polls until the goal is met, or cannot be met any more.
func (w *waiter) until(ctx context.Context, goal string) (met bool, err error) {
	for delay := pollFirst; ; delay = min(delay*3/2, pollMost) {
		w.tell()
		status, isStatus := strings.CutPrefix(goal, waitStatus)
		switch {
		case isStatus && w.e.Status == job.Status(status):
			return true, nil
		case w.e.Status.Terminal():
			return !isStatus, nil
		}
		if !sleep(ctx, delay) {
			return false, nil
		}
		e, err := w.c.Execution(ctx, w.e.ID.String())
		if err == nil {
			w.e, w.absence = e, 0
			continue
		}
		if err := w.bear(err, delay); err != nil {
			return false, err
		}
	}
}

// verdict is the error of an execution that did not come to what was waited for.
func (w *waiter) verdict(goal string, met bool) error {
	status := outcomes[w.e.Status]
	switch {
	case !met:
		return job.Errorf(job.Conflict, "%s is %s now; it was waited for %s", runName(&w.e), w.e.Status, goal)
	case goal == waitFinished || strings.HasPrefix(goal, waitStatus) || status == exitOK:
		return nil
	}
	fault := &job.Error{Code: job.Code(w.e.Status), Message: w.sentence(), Hint: "schedctl logs " + runName(&w.e)}
	return &statusError{status: status, err: fault, outcome: true}
}

// printWaited prints what was waited for: for people one line each, on standard error
// nothing is left to say.
func (a *app) printWaited(ended []job.Execution) error {
	if a.structured() {
		if len(ended) == 1 {
			return a.printStructured(ended[0])
		}
		return printList(a, runListing(a, client.Page[job.Execution]{Items: ended, Total: int64(len(ended))}))
	}
	for i := range ended {
		e := &ended[i]
		if a.namesOnly() {
			a.say("%s", runName(e))
			continue
		}
		a.say("%s %s", runName(e), e.Status)
	}
	return nil
}
