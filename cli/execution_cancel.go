package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/agentic-sdlc/scheduler/api"
)

type executionCancelOptions struct {
	reason string
}

func newExecutionCancelCmd(a *app) *cobra.Command {
	var o executionCancelOptions
	cmd := &cobra.Command{
		Use:               "cancel EXECUTION...",
		SuggestFor:        []string{"stop", "kill", "abort"},
		Short:             "Cancel executions that wait, stop those that run",
		Example:           "  schedctl execution cancel nightly-backup/185\n  schedctl x cancel nightly-backup/last --reason 'wrong data'",
		Args:              atLeast(1, "EXECUTION"),
		ValidArgsFunction: completeRuns(a, 100),
		RunE: a.action(func(cmd *cobra.Command, args []string) error {
			return runExecutionCancel(cmd.Context(), a, args, o)
		}),
	}
	cmd.Flags().StringVar(&o.reason, "reason", "", "why, for the audit log")
	return cmd
}

func runExecutionCancel(ctx context.Context, a *app, refs []string, o executionCancelOptions) error {
	c, err := a.connect()
	if err != nil {
		return err
	}
	return a.each(ctx, refs, func(ref string) error {
		e, err := c.Execution(ctx, ref) // JOB/last may mean another one a moment later
		if err != nil {
			return err
		}
		if err := c.CancelExecution(ctx, e.ID.String(), api.Cancel{Reason: o.reason}); err != nil {
			return err
		}
		after, err := c.Execution(ctx, e.ID.String())
		if err != nil {
			return err
		}
		return printOne(a, after, runName(&after), func() error {
			if after.Status.Terminal() {
				a.say("%s %s", runName(&after), after.Status)
			} else {
				a.say("%s is asked to stop", runName(&after))
			}
			return nil
		})
	})
}
