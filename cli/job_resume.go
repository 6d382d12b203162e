package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/agentic-sdlc/scheduler/api"
)

type jobResumeOptions struct {
	selector

	strict bool
	resume api.Resume
	reason string
}

func newJobResumeCmd(a *app) *cobra.Command {
	var o jobResumeOptions
	cmd := &cobra.Command{
		Use:        "resume JOB...",
		SuggestFor: []string{"enable", "unpause", "start"},
		Short:      "Let paused jobs run again",
		Example: `  schedctl job resume price-sync
  schedctl job resume 'drip-*' --catch-up once`,
		Args:              cobra.ArbitraryArgs,
		ValidArgsFunction: completeJobs(a, 100),
		RunE: a.action(func(cmd *cobra.Command, args []string) error {
			return runJobResume(cmd.Context(), a, args, o)
		}),
	}
	o.declare(cmd, a)
	enumVar(cmd, &o.resume.CatchUp, "catch-up", "runs that fell into the pause", "none", "once", "all")
	cmd.Flags().StringVar(&o.reason, "reason", "", "why, for the audit log")
	cmd.Flags().BoolVar(&o.strict, "strict", false, "exit with 5 when one is active already")
	return cmd
}

func runJobResume(ctx context.Context, a *app, args []string, o jobResumeOptions) error {
	return a.changeJobs(ctx, o.selector, args, bulkChange{
		Bulk: api.Bulk{Action: api.BulkResume, CatchUp: o.resume.CatchUp, Reason: o.reason},
		done: "resumed", already: "active", strict: o.strict,
	})
}
