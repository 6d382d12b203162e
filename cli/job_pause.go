package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/client"
	"github.com/agentic-sdlc/scheduler/job"
)

type jobPauseOptions struct {
	selector
	pause api.Pause
}

func newJobPauseCmd(a *app) *cobra.Command {
	var o jobPauseOptions
	cmd := &cobra.Command{
		Use:        "pause JOB...",
		SuggestFor: []string{"disable", "stop", "suspend"},
		Short:      "Stop jobs from running until they are resumed",
		Example: `  schedctl job pause price-sync --reason 'vendor outage'
  schedctl job pause 'drip-*'`,
		Args:              cobra.ArbitraryArgs,
		ValidArgsFunction: completeJobs(a, 100),
		RunE: a.action(func(cmd *cobra.Command, args []string) error {
			return runJobPause(cmd.Context(), a, args, o)
		}),
	}
	o.declare(cmd)
	f := cmd.Flags()
	f.StringVar(&o.pause.Reason, "reason", "", "why; shown with the job")
	f.BoolVar(&o.pause.CancelRunning, "cancel-running", false, "stop what runs, too")
	return cmd
}

// declare adds the flags that choose jobs.
func (s *selector) declare(cmd *cobra.Command) {
	cmd.Flags().StringArrayVar(&s.tags, "tag", nil, "every job with this tag; may be given again")
	cmd.Flags().BoolVar(&s.all, "all", false, "every job")
}

func runJobPause(ctx context.Context, a *app, args []string, o jobPauseOptions) error {
	return a.changeState(ctx, o.selector, args, stateChange{
		already: job.JobPaused, done: "paused",
		do: func(c *client.Client, name string) error { return c.Pause(ctx, name, o.pause) },
	})
}

// stateChange is a change of status that several jobs may undergo.
type stateChange struct {
	already job.JobStatus // a job in this status stays as it is
	done    string        // how a job is called afterwards
	do      func(c *client.Client, name string) error
	before  func(names []string, bulk bool) error // asks for confirmation; may be nil
}

// changeState does a change to the chosen jobs, one by one.
func (a *app) changeState(ctx context.Context, s selector, args []string, change stateChange) error {
	c, err := a.connect()
	if err != nil {
		return err
	}
	names, bulk, err := s.resolve(ctx, c, args)
	if err != nil {
		return err
	}
	if change.before != nil {
		if err := change.before(names, bulk); err != nil {
			return err
		}
	}
	changed := make([]job.Job, 0, len(names))
	err = a.each(ctx, names, func(name string) error {
		before, err := c.Job(ctx, name)
		if err != nil {
			return err
		}
		if err := change.do(c, before.ID.String()); err != nil {
			return err
		}
		if !a.structured() {
			return a.sayChanged(&before, change)
		}
		after, err := c.Job(ctx, before.ID.String())
		if err == nil {
			changed = append(changed, after)
		}
		return err
	})
	if !a.structured() {
		return err
	}
	if len(changed) > 0 {
		if printErr := a.printJobs(changed, len(names) > 1 || bulk); printErr != nil {
			return printErr
		}
	}
	return err
}

// printJobs prints what became of jobs for programs: the one that was named, or the
// list of several.
func (a *app) printJobs(jobs []job.Job, several bool) error {
	if !several && len(jobs) == 1 {
		return a.printStructured(jobs[0])
	}
	return printList(a, jobListing(a, client.Page[job.Job]{Items: jobs, Total: int64(len(jobs))}))
}

func (a *app) sayChanged(before *job.Job, change stateChange) error {
	switch {
	case a.g.output == formatName:
		a.say("%s", before.Name)
	case a.g.quiet:
	case before.Status == change.already:
		a.say("job %s already %s", before.Name, change.already)
	default:
		a.say("job %s %s", before.Name, change.done)
	}
	return nil
}
