package cli

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/cli/human"
	"github.com/agentic-sdlc/scheduler/client"
)

type cleanupOptions struct {
	olderThan time.Duration
	only      []string
	dryRun    bool
	yes       bool
	reason    string
}

func newCleanupCmd(a *app) *cobra.Command {
	var o cleanupOptions
	cmd := &cobra.Command{
		Use:        "cleanup",
		SuggestFor: []string{"clean", "prune", "retention", "vacuum"},
		Short:      "Remove old history now",
		Long: `Remove old history now: executions with their logs and dead letters, events, one-time
jobs that are over, and logs beyond their caps. What is too old, the configuration says
(retention), as it does for the daemon, which does the same all the time by itself; or
--older-than. The newest executions of each job stay whatever their age
(retention.keep_last). Counters of jobs and the accounts of their due times stay true.`,
		Example: `  schedctl cleanup --dry-run
  schedctl cleanup --older-than 30d --only executions --yes`,
		GroupID:           groupOperations,
		Args:              none,
		ValidArgsFunction: noFiles,
		RunE: a.action(func(cmd *cobra.Command, _ []string) error {
			if cmd.Flags().Changed("older-than") && o.olderThan < time.Second {
				return usagef("--older-than must be 1s at least")
			}
			return runCleanup(cmd.Context(), a, o)
		}),
	}
	durationVar(cmd.Flags(), &o.olderThan, "older-than", "what ended longer ago than this, such as 30d")
	enumsVar(cmd, &o.only, "only", "only these", api.CleanupKinds()...)
	cmd.Flags().BoolVar(&o.dryRun, "dry-run", false, "only say how much would go")
	cmd.Flags().BoolVarP(&o.yes, "yes", "y", false, "do not ask")
	cmd.Flags().StringVar(&o.reason, "reason", "", "why, for the audit log")
	return cmd
}

func runCleanup(ctx context.Context, a *app, o cleanupOptions) error {
	in := api.Cleanup{Only: o.only, Reason: o.reason, DryRun: true}
	if o.olderThan > 0 {
		in.OlderThan = o.olderThan.String() // the daemon's clock counts
	}
	c, err := a.connect()
	if err != nil {
		return err
	}
	would, err := c.Cleanup(ctx, in)
	if err != nil {
		return err
	}
	what := cleanedWords(would)
	if o.dryRun || what == "" {
		return a.printCleaned(would, "would remove "+what)
	}
	if err := a.confirm(o.yes, fmt.Sprintf("This removes %s. Only a backup brings it back.", what), ""); err != nil {
		return err
	}
	in.DryRun = false
	done, err := cleanAll(ctx, c, in)
	if err != nil {
		if done := cleanedWords(done); done != "" {
			a.note("removed so far: %s", done)
		}
		return err
	}
	return a.printCleaned(done, "removed "+cleanedWords(done))
}

// cleanAll asks until nothing is left.
func cleanAll(ctx context.Context, c *client.Client, in api.Cleanup) (api.Cleaned, error) {
	sum := api.Cleaned{More: true}
	for sum.More {
		some, err := c.Cleanup(ctx, in)
		if err != nil {
			return sum, err
		}
		sum.Add(some)
	}
	return sum, nil
}

func (a *app) printCleaned(c api.Cleaned, said string) error {
	return printOne(a, c, said, func() error {
		if cleanedWords(c) == "" {
			said = "nothing is old enough"
		}
		a.say("%s", said)
		return nil
	})
}

// cleanedWords says what goes; "" for nothing.
func cleanedWords(c api.Cleaned) string {
	var parts []string
	if c.Executions > 0 {
		part := human.Plural(int(c.Executions), "execution")
		if c.DeadLetters > 0 {
			part += fmt.Sprintf(" (%s)", human.Plural(int(c.DeadLetters), "dead letter"))
		}
		parts = append(parts, part)
	}
	if c.Events > 0 {
		parts = append(parts, human.Plural(int(c.Events), "event"))
	}
	if c.Jobs > 0 {
		parts = append(parts, human.Plural(int(c.Jobs), "one-time job"))
	}
	if c.LogBytes > 0 {
		parts = append(parts, human.Bytes(c.LogBytes)+" of logs")
	}
	return strings.Join(parts, ", ")
}
