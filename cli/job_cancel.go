package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/client"
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
	return a.changeJobs(ctx, o.selector, args, bulkChange{
		Bulk: api.Bulk{Action: api.BulkCancel, Reason: o.cancel.Reason, CancelRunning: o.cancel.CancelRunning},
		done: "cancelled",
		ask: func(_ *client.Client, chosen *choice) error {
			effect := fmt.Sprintf("This ends %s for good; pausing can be undone.", chosen)
			return a.confirm(o.yes, effect, chosen.count())
		},
	})
}
