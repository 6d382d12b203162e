package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/cli/human"
	"github.com/agentic-sdlc/scheduler/client"
)

type jobDeleteOptions struct {
	selector
	reason string
}

func newJobDeleteCmd(a *app) *cobra.Command {
	var o jobDeleteOptions
	cmd := &cobra.Command{
		Use:        "delete JOB...",
		SuggestFor: []string{"rm", "remove", "del"},
		Short:      "Remove jobs with their history",
		Long: `Remove jobs with all their executions and logs. It can't be undone; "job cancel" ends
a job and keeps its history.`,
		Example:           "  schedctl job delete price-sync\n  schedctl job delete 'tmp-*' --yes",
		Args:              cobra.ArbitraryArgs,
		ValidArgsFunction: completeJobs(a, 100),
		RunE: a.action(func(cmd *cobra.Command, args []string) error {
			return runJobDelete(cmd.Context(), a, args, o)
		}),
	}
	o.declare(cmd, a)
	f := cmd.Flags()
	f.StringVar(&o.reason, "reason", "", "why, for the audit log")
	return cmd
}

func runJobDelete(ctx context.Context, a *app, args []string, o jobDeleteOptions) error {
	return a.changeJobs(ctx, o.selector, args, bulkChange{
		Bulk: api.Bulk{Action: api.BulkDelete, Reason: o.reason},
		done: "deleted",
		ask: func(c *client.Client, chosen *choice) error {
			if err := chosen.read(ctx, a, c); err != nil { // who is missing is told before anybody is asked
				return err
			}
			var runs int64
			for i := range chosen.jobs {
				runs += chosen.jobs[i].ExecutionsCount
			}
			want := fmt.Sprint(len(chosen.refs))
			if len(chosen.refs) == 1 {
				want = chosen.names[0]
			}
			return a.confirm(o.yes, fmt.Sprintf("This deletes %s, %s and their logs. It can't be undone.", chosen, human.Plural(int(runs), "execution")), want)
		},
	})
}
