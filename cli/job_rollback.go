package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/client"
)

type jobRollbackOptions struct {
	reason    string
	ifVersion int64
	dryRun    bool
}

func newJobRollbackCmd(a *app) *cobra.Command {
	var o jobRollbackOptions
	cmd := &cobra.Command{
		Use:        "rollback JOB [REVISION]",
		SuggestFor: []string{"undo", "restore", "revert"},
		Short:      "Give a job the definition that it had",
		Long: `Give a job the definition that it had in a revision, by default the one before the
newest. That is a change like any other: it makes a new revision, and slots up to now keep
the old schedule. Whether the job is paused stays as it is.`,
		Example: `  schedctl job rollback nightly-backup
  schedctl job rollback nightly-backup 3 --dry-run`,
		Args:              between(1, "JOB", "REVISION"),
		ValidArgsFunction: completeRevisions(a, 1),
		RunE: a.action(func(cmd *cobra.Command, args []string) error {
			var n int64
			if len(args) == 2 {
				var err error
				if n, err = revisionArg(args[1]); err != nil {
					return err
				}
			}
			return runJobRollback(cmd.Context(), a, args[0], n, o)
		}),
	}
	f := cmd.Flags()
	f.StringVar(&o.reason, "reason", "", "why, for the audit log")
	f.Int64Var(&o.ifVersion, "if-version", 0, "only if the job still has this revision")
	f.BoolVar(&o.dryRun, "dry-run", false, "only show what would change")
	return cmd
}

func runJobRollback(ctx context.Context, a *app, ref string, n int64, o jobRollbackOptions) error {
	c, err := a.connect()
	if err != nil {
		return err
	}
	newest, err := c.Revisions(ctx, ref, "", 2)
	if err != nil {
		return err
	}
	if n == 0 {
		n = newest.Items[len(newest.Items)-1].Revision
	}
	if o.dryRun {
		d, err := diffRevisions(ctx, c, ref, newest.Items[0].Revision, n)
		if err != nil {
			return err
		}
		d.Changes = withoutStatus(d.Changes)
		return a.printRevisionDiff(d)
	}
	after, err := c.Restore(ctx, ref, n, api.Restore{}, client.Write{Reason: o.reason, IfRevision: o.ifVersion})
	if err != nil {
		return err
	}
	return printOne(a, after, after.Name, func() error {
		if after.Revision == newest.Items[0].Revision {
			a.say("job %s is as in revision %d already", after.Name, n)
			return nil
		}
		a.say("job %s is as in revision %d again, now revision %d", after.Name, n, after.Revision)
		return nil
	})
}

// withoutStatus leaves out what a rollback does not touch.
func withoutStatus(changes []api.FieldChange) []api.FieldChange {
	if len(changes) > 0 && changes[0].Field == "status" {
		return changes[1:]
	}
	return changes
}
