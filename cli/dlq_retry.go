package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/client"
	"github.com/agentic-sdlc/scheduler/job"
)

func newDLQRetryCmd(a *app) *cobra.Command {
	var o deadSelector
	var payload payloadFlags
	cmd := &cobra.Command{
		Use:        "retry EXECUTION...",
		SuggestFor: []string{"requeue", "rerun", "redo"},
		Short:      "Run dead letters again, as new executions",
		Long: `Run dead letters again, as new executions with what they were given; they leave the
queue. A retry waits for its turn when another run of its job is not over.`,
		Example: `  schedctl dlq retry nightly-backup/184
  schedctl dlq retry --job price-sync --older-than 2d --dry-run
  schedctl dlq retry --all --yes`,
		Args:              cobra.ArbitraryArgs,
		ValidArgsFunction: completeDead(a, 100),
		RunE: a.action(func(cmd *cobra.Command, args []string) error {
			if err := o.check(cmd, args); err != nil {
				return err
			}
			return runDLQRetry(cmd.Context(), a, args, o, payload)
		}),
	}
	o.declare(cmd, a)
	cmd.Flags().StringVar(&payload.whole, "with-payload", "", "another payload: JSON object, @FILE or @-")
	return cmd
}

func runDLQRetry(ctx context.Context, a *app, args []string, o deadSelector, payload payloadFlags) error {
	var in api.Retry
	if payload.given() {
		built, err := payload.build(a, nil)
		if err != nil {
			return err
		}
		if in.Payload, err = encode(built); err != nil {
			return err
		}
	}
	c, err := a.connect()
	if err != nil {
		return err
	}
	letters, err := o.letters(ctx, a, c, args, false)
	if err != nil {
		return err
	}
	if ok, err := o.agreed(a, "retry", letters, "", o.bulk()); err != nil || !ok {
		return err
	}
	made := make([]job.Execution, 0, len(letters))
	err = a.eachLetter(ctx, letters, func(l letter) error {
		e, err := c.RetryDead(ctx, l.ref, in, client.Write{})
		if err != nil {
			return err
		}
		made = append(made, e)
		if a.structured() {
			return nil
		}
		return printOne(a, e, runName(&e), func() error {
			a.say("%s %s %s %s", l.name, a.arrow(), runName(&e), queuedWord(&e))
			return nil
		})
	})
	return o.printRuns(a, made, err)
}
