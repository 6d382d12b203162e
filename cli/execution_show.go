package cli

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/agentic-sdlc/scheduler/cli/human"
	"github.com/agentic-sdlc/scheduler/cli/render"
	"github.com/agentic-sdlc/scheduler/job"
)

type executionShowOptions struct {
	exitStatus bool
}

func newExecutionShowCmd(a *app) *cobra.Command {
	var o executionShowOptions
	cmd := &cobra.Command{
		Use:        "show EXECUTION",
		SuggestFor: []string{"get", "describe", "status"},
		Short:      "Show an execution and its attempts",
		Example: `  schedctl execution show nightly-backup/184
  schedctl execution show nightly-backup/last --exit-status -q`,
		Args:              exactly("EXECUTION"),
		ValidArgsFunction: completeRuns(a, 1),
		RunE: a.action(func(cmd *cobra.Command, args []string) error {
			return runExecutionShow(cmd.Context(), a, args[0], o)
		}),
	}
	cmd.Flags().BoolVar(&o.exitStatus, "exit-status", false, "exit with 10 failed, 11 timeout, 12 cancelled, 13 skipped, 8 not over")
	return cmd
}

func runExecutionShow(ctx context.Context, a *app, ref string, o executionShowOptions) error {
	c, err := a.connect()
	if err != nil {
		return err
	}
	e, err := c.Execution(ctx, ref)
	if err != nil {
		return err
	}
	if err := printOne(a, e, runName(&e), func() error { return a.showRun(&e) }); err != nil {
		return err
	}
	if o.exitStatus {
		return exitWith(outcomes[e.Status])
	}
	return nil
}

// showRun prints an execution with its attempts.
func (a *app) showRun(e *job.Execution) error {
	_, _ = io.WriteString(a.out, render.Clean(runName(e))+"  "+a.painted(a.runStatus(e.Status))+"  id "+e.ID.String()+"\n")
	for _, row := range a.runFacts(e) {
		if row[1] != "" {
			a.fact(10, row[0], row[1])
		}
	}
	if len(e.Attempts) > 0 {
		_, _ = io.WriteString(a.out, "\n")
		if err := a.printTable(a.attemptTable(e)); err != nil {
			return err
		}
	}
	if e.Status == job.Failed || e.Status == job.TimedOut {
		a.footer("hint: retry with %q", "schedctl execution retry "+runName(e))
	}
	return nil
}

func (a *app) runFacts(e *job.Execution) [][2]string {
	trigger := string(e.Trigger)
	if e.TriggeredBy != "" {
		trigger += " by " + e.TriggeredBy
	}
	if e.RetryOf != nil {
		trigger += " of " + e.RetryOf.String()
	}
	timing := "scheduled " + a.exact(e.ScheduledAt)
	if e.StartedAt != nil {
		timing += "  started +" + human.Duration(e.StartedAt.Sub(e.ScheduledAt))
	}
	if e.DurationMS != nil {
		timing += "  took " + human.Millis(e.DurationMS)
	}
	waits := ""
	switch {
	case e.NextRetryAt != nil:
		waits = "for its retry " + a.moment(*e.NextRetryAt)
	case e.Status == job.Pending && e.ReadyAt == nil:
		waits = "for another run of the job"
	case e.Status == job.Pending:
		waits = "for a worker"
	}
	skipped := ""
	if e.Status == job.Skipped {
		skipped = runError(e)
	}
	dead := ""
	if e.Dead {
		dead = "dead letter: " + e.DeadReason
	}
	exit := ""
	if e.ExitCode != nil {
		exit = fmt.Sprint(*e.ExitCode)
	}
	return [][2]string{
		{"trigger", trigger},
		{"time", timing},
		{"waits", waits},
		{"worker", e.WorkerID},
		{"attempts", strings.TrimSpace(attempts(e) + "  " + dead)},
		{"exit code", exit},
		{"result", clipped(compact(e.Result))},
		{"error", e.Error},
		{"on failure", hookWord(e.OnFailure)},
		{"skipped", skipped},
		{"payload", clipped(compact(e.Payload))},
		{"trace", e.TraceID},
	}
}

// hookWord says what followed a final failure.
func hookWord(h *job.HookRun) string {
	if h == nil {
		return ""
	}
	text := strings.TrimSpace(h.HandlerName + " " + h.Status)
	if h.StartedAt != nil && h.CompletedAt != nil {
		text += " after " + human.Duration(h.CompletedAt.Sub(*h.StartedAt))
	}
	for _, more := range []string{h.Error, h.Output} {
		if more != "" {
			text += ": " + clipped(strings.ReplaceAll(more, "\n", " | "))
		}
	}
	return text
}

// exact is an instant to the second or better, for a single thing.
func (a *app) exact(t time.Time) string {
	if !a.outTTY() {
		return t.UTC().Format(time.RFC3339Nano)
	}
	return t.In(a.g.zone).Format("2006-01-02 15:04:05.000 MST")
}

// clipped keeps what fits on a few lines; -o json has everything.
func clipped(s string) string {
	const most = 400
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "… (-o json shows all)"
	}
	return s
}

func (a *app) attemptTable(e *job.Execution) *render.Table {
	t := render.NewTable(">ATTEMPT", "STATUS", "STARTED", ">DURATION", "?WORKER", "NEXT RETRY", "~ERROR")
	for i := range e.Attempts {
		n := &e.Attempts[i]
		next := human.Absent
		if n.NextRetryAt != nil && n.CompletedAt != nil {
			next = "+" + human.Duration(n.NextRetryAt.Sub(*n.CompletedAt))
		}
		t.Add(
			render.Text(fmt.Sprint(n.Attempt)), a.runStatus(job.Status(n.Status)), render.Text(a.when(&n.StartedAt)),
			render.Text(human.Millis(n.DurationMS)), render.Text(or(n.WorkerID, human.Absent)), render.Text(next), render.Text(n.Error),
		)
	}
	return t
}
