package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/agentic-sdlc/scheduler/daemon/config"
	"github.com/agentic-sdlc/scheduler/migrations"
)

func newMigrate(env Env, src *source, tools StoreTools) *cobra.Command {
	cmd := group(&cobra.Command{
		Use:   "migrate",
		Short: "Bring the store's schema up to date",
		Long: "schedd serve does this by itself unless store.auto_migrate is false. To move the data to\n" +
			"another database, see schedd store migrate.",
		Example: "  schedd migrate status\n  schedd migrate up",
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	})
	add := func(use, short, long string, run func(ctx context.Context, cfg config.Config) error) {
		cmd.AddCommand(&cobra.Command{
			Use: use, Short: short, Long: long, Example: "  schedd migrate " + use, Args: usageArgs(cobra.NoArgs), ValidArgsFunction: cobra.NoFileCompletions,
			RunE: func(cmd *cobra.Command, _ []string) error {
				cfg, _, err := config.Load(src.options())
				if err != nil {
					return err
				}
				ctx, stop := interruptible(cmd.Context(), env)
				defer stop()
				return run(ctx, cfg)
			},
		})
	}
	add("up", "Apply what is missing", "One node migrates and others wait for it. The embedded store must not be in use. Back it up first.",
		func(ctx context.Context, cfg config.Config) error { return migrateUp(ctx, env, cfg, tools) })
	add("status", "List the migrations and when they were applied", "", func(ctx context.Context, cfg config.Config) error {
		steps, have, err := tools.Schema(ctx, cfg)
		if err != nil {
			return err
		}
		return printSteps(env.Out, steps, have)
	})
	add("version", "Print the version of the schema, 0 for none", "", func(ctx context.Context, cfg config.Config) error {
		_, have, err := tools.Schema(ctx, cfg)
		if err == nil {
			_, err = fmt.Fprintln(env.Out, have)
		}
		return err
	})
	add("plan", "Print the SQL that up would run", "", func(ctx context.Context, cfg config.Config) error { return migratePlan(ctx, env, cfg, tools) })
	cmd.AddCommand(newMigrateDown())
	return cmd
}

// newMigrateDown explains itself to whoever looks for it.
func newMigrateDown() *cobra.Command {
	cmd := &cobra.Command{
		Use:               "down",
		Short:             "Not possible: restore a backup instead",
		Example:           "  schedd store import backup.jsonl",
		Args:              usageArgs(cobra.NoArgs),
		Hidden:            true,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(*cobra.Command, []string) error {
			return errors.New("the schema goes forward only: what a newer schedd wrote cannot be made older. " +
				"Restore the backup from before the upgrade; an earlier schedd that knows the schema runs on it as it is")
		},
	}
	cmd.Flags().Int("to", 0, "the `version` to go to")
	cmd.Flags().Bool("yes", false, "really do it")
	return cmd
}

func migrateUp(ctx context.Context, env Env, cfg config.Config, tools StoreTools) error {
	_, before, err := tools.Schema(ctx, cfg)
	if err != nil {
		return err
	}
	if err := tools.Migrate(ctx, cfg); err != nil {
		return err
	}
	_, after, err := tools.Schema(ctx, cfg)
	if err != nil {
		return err
	}
	text := fmt.Sprintf("schema %d: nothing to do", after)
	if before != after {
		text = fmt.Sprintf("schema %d, it was %d", after, before)
	}
	_, err = fmt.Fprintln(env.Out, text)
	return err
}

func printSteps(w io.Writer, steps []migrations.Step, have int64) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "VERSION\tNAME\tAPPLIED")
	for _, s := range steps {
		at := "pending"
		if !s.AppliedAt.IsZero() {
			at = s.AppliedAt.Format(time.RFC3339)
		}
		fmt.Fprintf(t, "%d\t%s\t%s\n", s.Version, s.Name, at)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	if known := migrations.Newest(steps); have > known {
		return &migrations.SchemaError{Have: have, Known: known}
	}
	return nil
}

func migratePlan(ctx context.Context, env Env, cfg config.Config, tools StoreTools) error {
	steps, have, err := tools.Schema(ctx, cfg)
	if err != nil {
		return err
	}
	if have >= migrations.Newest(steps) {
		_, err := fmt.Fprintf(env.Out, "-- schema %d: nothing to do\n", have)
		return err
	}
	for _, s := range steps {
		if s.Version > have {
			if _, err := fmt.Fprintf(env.Out, "-- %d %s\n%s\n", s.Version, s.Name, s.SQL); err != nil {
				return err
			}
		}
	}
	return nil
}
