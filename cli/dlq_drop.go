package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/agentic-sdlc/scheduler/client"
	"github.com/agentic-sdlc/scheduler/job"
)

func newDLQDropCmd(a *app) *cobra.Command {
	var o deadSelector
	cmd := &cobra.Command{
		Use:        "drop EXECUTION...",
		SuggestFor: []string{"rm", "delete", "remove", "purge", "discard"},
		Short:      "Take dead letters out of the queue for good",
		Long: `Take dead letters out of the queue for good. The executions stay in the history, and
"execution retry" can still run them again.`,
		Example: `  schedctl dlq drop price-sync/9120 --yes
  schedctl dlq drop --reason handler_missing --older-than 30d --dry-run`,
		Args:              cobra.ArbitraryArgs,
		ValidArgsFunction: completeDead(a, 100),
		RunE: a.action(func(cmd *cobra.Command, args []string) error {
			if err := o.check(cmd, args); err != nil {
				return err
			}
			return runDLQDrop(cmd.Context(), a, args, o)
		}),
	}
	o.declare(cmd, a)
	return cmd
}

func runDLQDrop(ctx context.Context, a *app, args []string, o deadSelector) error {
	c, err := a.connect()
	if err != nil {
		return err
	}
	letters, err := o.letters(ctx, a, c, args, true) // who is missing is told before anybody is asked
	if err != nil {
		return err
	}
	if ok, err := o.agreed(a, "drop", letters, "; nothing will remind of them", true); err != nil || !ok {
		return err
	}
	dropped := make([]job.Execution, 0, len(letters))
	err = a.eachLetter(ctx, letters, func(l letter) error {
		if err := c.DropDead(ctx, l.ref, client.Write{}); err != nil {
			return err
		}
		if a.structured() {
			e, err := c.Execution(ctx, l.ref)
			dropped = append(dropped, e)
			return err
		}
		return printOne(a, nil, l.name, func() error {
			a.say("%s dropped", l.name)
			return nil
		})
	})
	return o.printRuns(a, dropped, err)
}
