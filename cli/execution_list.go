package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/agentic-sdlc/scheduler/cli/human"
	"github.com/agentic-sdlc/scheduler/client"
	"github.com/agentic-sdlc/scheduler/job"
)

type executionListOptions struct {
	job          string
	statuses     []job.Status
	triggers     []job.Trigger
	since, until string
	dead         bool
	limit        int
	all          bool
}

func newExecutionListCmd(a *app) *cobra.Command {
	var o executionListOptions
	cmd := &cobra.Command{
		Use:        "list [JOB]",
		Aliases:    []string{"ls"},
		SuggestFor: []string{"get"},
		Short:      "List executions, newest first",
		Example: `  schedctl execution list --status failed,timeout --since 1d
  schedctl x ls nightly-backup -n 5 -o json`,
		Args:              between(0, "JOB"),
		ValidArgsFunction: completeJobs(a, 1),
		RunE: a.action(func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				o.job = args[0]
			}
			return runExecutionList(cmd.Context(), a, o)
		}),
	}
	o.declare(cmd)
	return cmd
}

// newPsCmd is what waits and what runs.
func newPsCmd(a *app) *cobra.Command {
	o := executionListOptions{statuses: []job.Status{job.Pending, job.Running}, limit: pageSize}
	cmd := &cobra.Command{
		Use:               "ps [JOB]",
		Short:             "List executions that wait or run",
		Example:           "  schedctl ps\n  schedctl ps nightly-backup",
		GroupID:           groupExecutions,
		Args:              between(0, "JOB"),
		ValidArgsFunction: completeJobs(a, 1),
		RunE: a.action(func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				o.job = args[0]
			}
			return runExecutionList(cmd.Context(), a, o)
		}),
	}
	return cmd
}

func (o *executionListOptions) declare(cmd *cobra.Command) {
	f := cmd.Flags()
	enumsVar(cmd, &o.statuses, "status", "only these statuses", job.Statuses()...)
	enumsVar(cmd, &o.triggers, "trigger", "only these triggers", job.Triggers()...)
	f.StringVar(&o.since, "since", "", "due at or after TIME, such as 3d or 'yesterday'")
	f.StringVar(&o.until, "until", "", "due before TIME")
	f.BoolVar(&o.dead, "dead", false, "only dead letters: those that nothing will run again")
	f.IntVarP(&o.limit, "limit", "n", pageSize, "list at most so many")
	f.BoolVar(&o.all, "all", false, "list all of them")
}

func runExecutionList(ctx context.Context, a *app, o executionListOptions) error {
	if err := checkLimit(o.limit); err != nil {
		return err
	}
	q := client.ExecutionQuery{Statuses: o.statuses, Triggers: o.triggers, Dead: o.dead, WithTotal: true}
	var err error
	if q.Since, err = a.past("since", o.since); err != nil {
		return err
	}
	if q.Until, err = a.past("until", o.until); err != nil {
		return err
	}
	c, err := a.connect()
	if err != nil {
		return err
	}
	page, err := collect(o.limit, o.all, func(cursor string, limit int) (client.Page[job.Execution], error) {
		q.Cursor, q.Limit = cursor, limit
		if o.job != "" {
			return c.JobExecutions(ctx, o.job, q)
		}
		return c.Executions(ctx, q)
	})
	if err != nil {
		return err
	}
	if err := printList(a, runListing(a, page)); err != nil {
		return err
	}
	if n := int64(len(page.Items)); n > 0 && n < page.Total {
		a.footer("%d of %s; --all lists the rest", n, human.Plural(int(page.Total), "execution"))
	}
	return nil
}
