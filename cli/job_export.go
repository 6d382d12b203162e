package cli

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/client"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/jobfile"
)

type jobExportOptions struct {
	tags []string
}

func newJobExportCmd(a *app) *cobra.Command {
	var o jobExportOptions
	cmd := &cobra.Command{
		Use:        "export [JOB|GLOB...]",
		SuggestFor: []string{"dump"},
		Short:      "Write jobs as a job file",
		Long: `Write jobs that have not ended as a job file on standard output: YAML that apply
takes, without what the daemon writes itself and without defaults. Applying it again
changes nothing. -o json writes a list.`,
		Example:           "  schedctl job export > jobs.yaml\n  schedctl job export 'etl-*' --tag team-a",
		Args:              cobra.ArbitraryArgs,
		ValidArgsFunction: completeJobs(a, 100),
		RunE: a.action(func(cmd *cobra.Command, args []string) error {
			return runJobExport(cmd.Context(), a, args, o)
		}),
	}
	cmd.Flags().StringArrayVar(&o.tags, "tag", nil, "only jobs with this tag; may be given again")
	return cmd
}

// exported are jobs that have not ended.
var exported = []job.JobStatus{job.JobActive, job.JobPaused, job.JobError}

func runJobExport(ctx context.Context, a *app, args []string, o jobExportOptions) error {
	c, err := a.connect()
	if err != nil {
		return err
	}
	q := client.JobQuery{Names: args, Tags: o.tags, Statuses: exported, SortBy: "name"}
	page, err := collect(0, true, func(cursor string, limit int) (client.Page[api.JobDefinition], error) {
		q.Cursor, q.Limit = cursor, limit
		return c.ExportJobs(ctx, q)
	})
	if err != nil {
		return err
	}
	found := map[string]bool{}
	for i := range page.Items {
		found[*page.Items[i].Name] = true
	}
	for _, name := range args {
		if !strings.ContainsAny(name, "*?") && !found[name] {
			return job.Errorf(job.NotFound, "no job %q that has not ended", name)
		}
	}
	switch {
	case a.g.output == formatJSON:
		return a.printStructured(page.Items)
	case a.namesOnly():
		for i := range page.Items {
			a.say("%s", *page.Items[i].Name)
		}
		return nil
	}
	text, err := jobfile.Marshal(page.Items)
	if err != nil {
		return job.Errorf(job.Internal, "write the job file: %w", err)
	}
	if len(page.Items) == 0 {
		a.note("No jobs.")
		return nil
	}
	_, err = a.out.Write(text)
	return err
}
