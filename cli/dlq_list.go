package cli

import (
	"context"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/agentic-sdlc/scheduler/cli/human"
	"github.com/agentic-sdlc/scheduler/cli/render"
	"github.com/agentic-sdlc/scheduler/client"
	"github.com/agentic-sdlc/scheduler/job"
)

type dlqListOptions struct {
	deadFlags
	limit int
	all   bool
}

func newDLQListCmd(a *app) *cobra.Command {
	var o dlqListOptions
	cmd := &cobra.Command{
		Use:        "list",
		Aliases:    []string{"ls"},
		SuggestFor: []string{"get"},
		Short:      "List dead letters, newest first",
		Example: `  schedctl dlq list --job nightly-backup
  schedctl dlq ls --reason poison,worker_lost --older-than 2d`,
		Args:              none,
		ValidArgsFunction: noFiles,
		RunE: a.action(func(cmd *cobra.Command, _ []string) error {
			return runDLQList(cmd.Context(), a, o)
		}),
	}
	o.declare(cmd, a)
	f := cmd.Flags()
	f.IntVarP(&o.limit, "limit", "n", pageSize, "list at most so many")
	f.BoolVar(&o.all, "all", false, "list all of them")
	listsOf(a, cmd, a.deadTable)
	return cmd
}

func runDLQList(ctx context.Context, a *app, o dlqListOptions) error {
	if err := checkLimit(o.limit); err != nil {
		return err
	}
	c, err := a.connect()
	if err != nil {
		return err
	}
	q := o.query(a)
	page, err := collect(o.limit, o.all, func(cursor string, limit int) (client.Page[job.Execution], error) {
		q.Cursor, q.Limit = cursor, limit
		return c.DeadLetters(ctx, q)
	})
	if err != nil {
		return err
	}
	if err := printList(a, deadListing(a, page)); err != nil {
		return err
	}
	if n := int64(len(page.Items)); n > 0 && n < page.Total {
		a.footer("%d of %s; --all lists the rest", n, human.Plural(int(page.Total), "dead letter"))
	}
	return nil
}

func deadListing(a *app, page client.Page[job.Execution]) listing[job.Execution] {
	return listing[job.Execution]{
		Items: page.Items, Total: page.Total, Next: page.NextCursor,
		Name:  func(e job.Execution) string { return runName(&e) },
		Table: func(runs []job.Execution, wide bool) *render.Table { return a.deadTable(runs, wide) },
		None:  "No dead letters found.",
	}
}

func (a *app) deadTable(runs []job.Execution, wide bool) *render.Table {
	headers := []string{"EXECUTION", "REASON=dead_reason", "?>ATTEMPTS=attempt", "DEAD SINCE=completed_at", "~ERROR"}
	if wide {
		headers = append(headers, "STATUS", "TRIGGER", "SCHEDULED=scheduled_at", "WORKER=worker_id", "PLATFORM=platform_id", "ID")
	}
	t := render.NewTable(headers...)
	for i := range runs {
		e := &runs[i]
		row := []render.Cell{
			render.Text(runName(e)), render.Text(deadWord(e)), render.Text(strconv.Itoa(e.Attempt)), render.Text(a.when(e.CompletedAt)), render.Text(runError(e)),
		}
		if wide {
			row = append(row, a.runStatus(e.Status))
			for _, text := range []string{
				string(e.Trigger), a.when(&e.ScheduledAt), or(e.WorkerID, human.Absent), platformWord(e.PlatformID), e.ID.String(),
			} {
				row = append(row, render.Text(text))
			}
		}
		t.Add(row...)
	}
	return t
}

func newDLQShowCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:               "show EXECUTION",
		SuggestFor:        []string{"get", "describe"},
		Short:             "Show a dead letter and its attempts",
		Example:           "  schedctl dlq show nightly-backup/184",
		Args:              exactly("EXECUTION"),
		ValidArgsFunction: completeDead(a, 1),
		RunE: a.action(func(cmd *cobra.Command, args []string) error {
			return runDLQShow(cmd.Context(), a, args[0])
		}),
	}
}

func runDLQShow(ctx context.Context, a *app, ref string) error {
	c, err := a.connect()
	if err != nil {
		return err
	}
	e, err := c.DeadLetter(ctx, ref)
	if err != nil {
		return err
	}
	return printOne(a, e, runName(&e), func() error { return a.showRun(&e) })
}
