package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/agentic-sdlc/scheduler/cli/human"
	"github.com/agentic-sdlc/scheduler/client"
	"github.com/agentic-sdlc/scheduler/job"
)

type jobDeleteOptions struct {
	selector
	reason string
}

func newJobDeleteCmd(a *app) *cobra.Command {
	var o jobDeleteOptions
	cmd := &cobra.Command{
		Use:        "delete JOB...",
		SuggestFor: []string{"rm", "remove", "del"},
		Short:      "Remove jobs with their history",
		Long: `Remove jobs with all their executions and logs. It can't be undone; "job cancel" ends
a job and keeps its history.`,
		Example:           "  schedctl job delete price-sync\n  schedctl job delete 'tmp-*' --yes",
		Args:              cobra.ArbitraryArgs,
		ValidArgsFunction: completeJobs(a, 100),
		RunE: a.action(func(cmd *cobra.Command, args []string) error {
			return runJobDelete(cmd.Context(), a, args, o)
		}),
	}
	o.declare(cmd, a)
	f := cmd.Flags()
	f.StringVar(&o.reason, "reason", "", "why, for the audit log")
	return cmd
}

func runJobDelete(ctx context.Context, a *app, args []string, o jobDeleteOptions) error {
	c, err := a.connect()
	if err != nil {
		return err
	}
	names, _, err := o.resolve(ctx, c, args)
	if err != nil {
		return err
	}
	if o.dryRun {
		return a.preview(ctx, c, names, "delete")
	}
	jobs := make([]job.Job, 0, len(names))
	var runs int64
	err = a.each(ctx, names, func(name string) error { // who is missing is told before anybody is asked
		j, err := c.Job(ctx, name)
		jobs = append(jobs, j)
		runs += j.ExecutionsCount
		return err
	})
	if err != nil {
		return err
	}
	what, want := fmt.Sprintf("%d jobs", len(jobs)), fmt.Sprint(len(jobs))
	if len(jobs) == 1 {
		what, want = "job "+jobs[0].Name, jobs[0].Name
	}
	effect := fmt.Sprintf("This deletes %s, %s and their logs. It can't be undone.", what, human.Plural(int(runs), "execution"))
	if err := a.confirm(o.yes, effect, want); err != nil {
		return err
	}
	return a.deleteJobs(ctx, c, jobs, o.reason)
}

// deleteJobs deletes what was confirmed.
func (a *app) deleteJobs(ctx context.Context, c *client.Client, jobs []job.Job, reason string) error {
	byID, ids := map[string]job.Job{}, make([]string, 0, len(jobs))
	for _, j := range jobs {
		byID[j.ID.String()] = j
		ids = append(ids, j.ID.String())
	}
	var deleted []job.Job
	err := a.each(ctx, ids, func(id string) error {
		if err := c.DeleteJob(ctx, id, client.Write{Reason: reason}); err != nil {
			return err
		}
		deleted = append(deleted, byID[id])
		if a.structured() {
			return nil
		}
		return printOne(a, nil, byID[id].Name, func() error {
			a.say("job %s deleted", byID[id].Name)
			return nil
		})
	})
	if a.structured() && len(deleted) > 0 {
		if printErr := a.printJobs(deleted, len(jobs) > 1); printErr != nil {
			return printErr
		}
	}
	return err
}
