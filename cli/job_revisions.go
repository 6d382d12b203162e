package cli

import (
	"context"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/cli/human"
	"github.com/agentic-sdlc/scheduler/cli/render"
	"github.com/agentic-sdlc/scheduler/client"
)

func newJobRevisionsCmd(a *app) *cobra.Command {
	var limit int
	var all bool
	cmd := &cobra.Command{
		Use:        "revisions JOB",
		SuggestFor: []string{"versions", "changes"},
		Short:      "List what a job was: who changed it, when, and which fields",
		Long: `List the revisions of a job, the newest first. The newest 100 that were changed are
kept. What schedd does to a job by itself, as when it completes, shows in the newest
revision only, so numbers may have gaps.`,
		Example: `  schedctl job revisions nightly-backup
  schedctl job diff nightly-backup 3 5`,
		Args:              exactly("JOB"),
		ValidArgsFunction: completeJobs(a, 1),
		RunE: a.action(func(cmd *cobra.Command, args []string) error {
			if err := checkLimit(limit); err != nil {
				return err
			}
			return runJobRevisions(cmd.Context(), a, args[0], limit, all)
		}),
	}
	f := cmd.Flags()
	f.IntVarP(&limit, "limit", "n", 20, "list at most so many")
	f.BoolVar(&all, "all", false, "list all of them")
	listsOf(a, cmd, a.revisionTable)
	return cmd
}

func runJobRevisions(ctx context.Context, a *app, ref string, limit int, all bool) error {
	c, err := a.connect()
	if err != nil {
		return err
	}
	page, err := collect(limit, all, func(cursor string, limit int) (client.Page[api.Revision], error) {
		return c.Revisions(ctx, ref, cursor, limit)
	})
	if err != nil {
		return err
	}
	return printList(a, listing[api.Revision]{
		Items: page.Items, Total: -1, Next: page.NextCursor,
		Name:  func(v api.Revision) string { return strconv.FormatInt(v.Revision, 10) },
		Table: a.revisionTable,
		None:  "No revisions found.",
	})
}

func (a *app) revisionTable(list []api.Revision, wide bool) *render.Table {
	headers := []string{"REVISION", "CHANGED AT", "CHANGED BY", "STATUS", "~CHANGES"}
	if wide {
		headers = append(headers, "~REASON")
	}
	t := render.NewTable(headers...)
	for i := range list {
		v := &list[i]
		row := []render.Cell{
			render.Text(strconv.FormatInt(v.Revision, 10)), render.Text(a.when(&v.ChangedAt)), render.Text(or(v.ChangedBy, "schedd")),
			a.jobStatus(v.Status), render.Text(changedFields(v)),
		}
		if wide {
			row = append(row, render.Text(or(v.Reason, human.Absent)))
		}
		t.Add(row...)
	}
	return t
}

// changedFields names what changed.
func changedFields(v *api.Revision) string {
	if v.Revision == 1 {
		return "(created)"
	}
	names := make([]string, len(v.Changes))
	for i, c := range v.Changes {
		names[i] = c.Field
	}
	return or(strings.Join(names, ", "), human.Absent)
}

// completeRevisions completes a job, then its revisions.
func completeRevisions(a *app, most int) completer {
	jobs := completeJobs(a, 1)
	return func(cmd *cobra.Command, args []string, prefix string) ([]string, cobra.ShellCompDirective) {
		if len(args) == 0 {
			return jobs(cmd, args, prefix)
		}
		var numbers []string
		if len(args) <= most {
			a.ask(func(ctx context.Context, c *client.Client) {
				page, _ := c.Revisions(ctx, args[0], "", pageSize)
				for i := range page.Items {
					if n := strconv.FormatInt(page.Items[i].Revision, 10); strings.HasPrefix(n, prefix) {
						numbers = append(numbers, described(n, changedFields(&page.Items[i])))
					}
				}
			})
		}
		return numbers, noFileComp | cobra.ShellCompDirectiveKeepOrder
	}
}

// revisionArg reads the number of a revision.
func revisionArg(text string) (int64, error) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 1 {
		return 0, usagef("%q is not the number of a revision", text).WithHint(`list them with "schedctl job revisions JOB"`)
	}
	return n, nil
}
