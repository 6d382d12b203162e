package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/cli/human"
	"github.com/agentic-sdlc/scheduler/client"
	"github.com/agentic-sdlc/scheduler/job"
)

type jobCancelOptions struct {
	selector
	cancel api.Cancel
}

func newJobCancelCmd(a *app) *cobra.Command {
	var o jobCancelOptions
	cmd := &cobra.Command{
		Use:   "cancel JOB...",
		Short: "End jobs for good; their history stays",
		Example: `  schedctl job cancel price-sync --yes
  schedctl job cancel --tag drip --cancel-running`,
		Args:              cobra.ArbitraryArgs,
		ValidArgsFunction: completeJobs(a, 100),
		RunE: a.action(func(cmd *cobra.Command, args []string) error {
			return runJobCancel(cmd.Context(), a, args, o)
		}),
	}
	o.declare(cmd, a)
	f := cmd.Flags()
	f.StringVar(&o.cancel.Reason, "reason", "", "why, for the audit log")
	f.BoolVar(&o.cancel.CancelRunning, "cancel-running", false, "stop what runs, too")
	return cmd
}

func runJobCancel(ctx context.Context, a *app, args []string, o jobCancelOptions) error {
	return a.changeState(ctx, o.selector, args, stateChange{
		verb: "cancel", already: job.JobCancelled, done: "cancelled",
		do: func(c *client.Client, name string) error { return c.CancelJob(ctx, name, o.cancel) },
		before: func(names []string, bulk bool) error {
			effect := fmt.Sprintf("This ends %s for good; pausing can be undone.", human.Plural(len(names), "job"))
			if len(names) == 1 {
				effect = fmt.Sprintf("This ends job %s for good; pausing can be undone.", names[0])
			}
			want := ""
			if bulk {
				want = fmt.Sprint(len(names))
				effect += fmt.Sprintf(" They are %d.", len(names))
			}
			return a.confirm(o.yes, effect, want)
		},
	})
}
