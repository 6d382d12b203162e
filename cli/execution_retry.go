package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/cli/human"
	"github.com/agentic-sdlc/scheduler/client"
	"github.com/agentic-sdlc/scheduler/job"
)

type executionRetryOptions struct {
	waitOptions
	payload payloadFlags
	failed  bool
	job     string
	since   string
	dryRun  bool
	yes     bool
	reason  string
}

func newExecutionRetryCmd(a *app) *cobra.Command {
	var o executionRetryOptions
	cmd := &cobra.Command{
		Use:        "retry EXECUTION...",
		SuggestFor: []string{"rerun", "redo"},
		Short:      "Run failed executions again, as new ones",
		Example: `  schedctl execution retry nightly-backup/184 --wait
  schedctl execution retry --failed --job nightly-backup --since 3d --dry-run`,
		Args:              cobra.ArbitraryArgs,
		ValidArgsFunction: completeRuns(a, 100),
		RunE: a.action(func(cmd *cobra.Command, args []string) error {
			if o.failed == (len(args) > 0) {
				return usagef("give executions, or --failed").WithHint("%s", usageOf(cmd))
			}
			if !o.failed && (o.job != "" || o.since != "") {
				return usagef("--job and --since belong to --failed")
			}
			if o.waiting() && (o.failed || len(args) > 1) {
				return usagef("--wait takes one execution")
			}
			return runExecutionRetry(cmd.Context(), a, args, o)
		}),
	}
	f := cmd.Flags()
	f.StringVar(&o.payload.whole, "with-payload", "", "another payload: JSON object, @FILE or @-")
	f.BoolVar(&o.failed, "failed", false, "every failed or timed out execution")
	f.StringVar(&o.job, "job", "", "with --failed: of this job")
	f.StringVar(&o.since, "since", "", "with --failed: due at or after TIME")
	f.BoolVar(&o.dryRun, "dry-run", false, "only say what would be retried")
	f.BoolVarP(&o.yes, "yes", "y", false, "with --failed: do not ask")
	f.StringVar(&o.reason, "reason", "", "why, for the audit log")
	_ = cmd.RegisterFlagCompletionFunc("job", completeJobs(a, 100))
	o.declare(cmd)
	return cmd
}

func runExecutionRetry(ctx context.Context, a *app, refs []string, o executionRetryOptions) error {
	var in api.Retry
	if o.payload.given() {
		payload, err := o.payload.build(a, nil)
		if err != nil {
			return err
		}
		if in.Payload, err = encode(payload); err != nil {
			return err
		}
	}
	c, err := a.connect()
	if err != nil {
		return err
	}
	if o.failed {
		if refs, err = a.failedRuns(ctx, c, o); err != nil || len(refs) == 0 {
			return err
		}
	}
	if o.dryRun {
		a.say("would retry %s: %s", human.Plural(len(refs), "execution"), strings.Join(refs, " "))
		return nil
	}
	if o.failed {
		if err := a.confirm(o.yes, fmt.Sprintf("Retry %s?", human.Plural(len(refs), "execution")), ""); err != nil {
			return err
		}
	}
	made := make([]job.Execution, 0, len(refs))
	err = a.each(ctx, refs, func(ref string) error {
		e, err := c.Retry(ctx, ref, in, client.Write{Reason: o.reason})
		if err != nil {
			return err
		}
		made = append(made, e)
		switch {
		case a.structured() || o.waiting():
		case a.namesOnly():
			a.say("%s", runName(&e))
		default:
			a.say("%s %s %s %s", ref, a.arrow(), runName(&e), queuedWord(&e))
		}
		return nil
	})
	switch {
	case err == nil && o.waiting():
		return a.await(ctx, c, made[0], o.waitOptions)
	case a.structured() && !o.failed && len(refs) == 1 && len(made) == 1:
		err2 := a.printStructured(made[0])
		if err == nil {
			err = err2
		}
	case a.structured():
		if printErr := printList(a, runListing(a, client.Page[job.Execution]{Items: made, Total: int64(len(made))})); printErr != nil {
			return printErr
		}
	}
	return err
}

// failedRuns finds what --failed means: failed or timed out, and not retried yet.
func (a *app) failedRuns(ctx context.Context, c *client.Client, o executionRetryOptions) ([]string, error) {
	since, err := a.past("since", o.since)
	if err != nil {
		return nil, err
	}
	q := client.ExecutionQuery{Job: o.job, Statuses: []job.Status{job.Failed, job.TimedOut}, Since: since}
	page, err := collect(0, true, func(cursor string, limit int) (client.Page[job.Execution], error) {
		q.Cursor, q.Limit = cursor, limit
		return c.Executions(ctx, q)
	})
	if err != nil {
		return nil, err
	}
	retried := map[job.ID]bool{}
	q = client.ExecutionQuery{Job: o.job, Triggers: []job.Trigger{job.TriggerRetry}, Since: since}
	retries, err := collect(0, true, func(cursor string, limit int) (client.Page[job.Execution], error) {
		q.Cursor, q.Limit = cursor, limit
		return c.Executions(ctx, q)
	})
	if err != nil {
		return nil, err
	}
	for _, e := range retries.Items {
		if e.RetryOf != nil {
			retried[*e.RetryOf] = true
		}
	}
	var refs []string
	for _, e := range page.Items {
		if !retried[e.ID] {
			refs = append(refs, runName(&e))
		}
	}
	if len(refs) == 0 {
		a.note("Nothing to retry.")
	}
	return refs, nil
}
