package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/cli/human"
	"github.com/agentic-sdlc/scheduler/client"
	"github.com/agentic-sdlc/scheduler/job"
)

type jobPauseOptions struct {
	selector
	stopFlags
	cancelRunning bool
}

func newJobPauseCmd(a *app) *cobra.Command {
	var o jobPauseOptions
	cmd := &cobra.Command{
		Use:        "pause JOB...",
		SuggestFor: []string{"disable", "stop", "suspend"},
		Short:      "Stop jobs from running until they are resumed, or for a while",
		Long: `Stop jobs from running until they are resumed. With --until or --for they resume by
themselves, whether schedd ran meanwhile or not: what is due from that instant on runs, or is
late or missed as after an outage. Said again for a paused job, it changes when that is.`,
		Example: `  schedctl job pause price-sync --reason 'vendor outage'
  schedctl job pause price-sync --for 2h
  schedctl job pause 'drip-*' --dry-run`,
		Args:              cobra.ArbitraryArgs,
		ValidArgsFunction: completeJobs(a, 100),
		RunE: a.action(func(cmd *cobra.Command, args []string) error {
			return runJobPause(cmd, a, args, o)
		}),
	}
	o.selector.declare(cmd, a)
	o.stopFlags.declare(cmd)
	cmd.Flags().BoolVar(&o.cancelRunning, "cancel-running", false, "stop what runs, too")
	return cmd
}

// declare adds the flags that choose jobs.
func (s *selector) declare(cmd *cobra.Command, a *app) {
	f := cmd.Flags()
	f.StringArrayVar(&s.tags, "tag", nil, "every job with this tag; may be given again")
	f.BoolVar(&s.all, "all", false, "every job")
	f.BoolVar(&s.dryRun, "dry-run", false, "only say which jobs would change")
	f.BoolVarP(&s.yes, "yes", "y", false, "do not ask")
	_ = cmd.RegisterFlagCompletionFunc("tag", a.completeTagFlag)
}

// preview says which jobs a command would change.
func (a *app) preview(ctx context.Context, c *client.Client, names []string, verb string) error {
	jobs := make([]job.Job, 0, len(names))
	err := a.each(ctx, names, func(name string) error {
		j, err := c.Job(ctx, name)
		if err == nil {
			jobs = append(jobs, j)
		}
		return err
	})
	if err != nil {
		return err
	}
	if a.structured() || a.namesOnly() {
		return printList(a, jobListing(a, client.Page[job.Job]{Items: jobs, Total: int64(len(jobs))}))
	}
	for i := range jobs {
		names[i] = jobs[i].Name
	}
	a.say("would %s %s: %s", verb, human.Plural(len(jobs), "job"), strings.Join(names, " "))
	return nil
}

func runJobPause(cmd *cobra.Command, a *app, args []string, o jobPauseOptions) error {
	ctx := cmd.Context()
	stop, err := o.stop(a, cmd)
	if err != nil {
		return err
	}
	in := api.Pause{Until: stop.Until, For: stop.For, Reason: stop.Reason, CancelRunning: o.cancelRunning}
	change := stateChange{
		verb: "pause", already: job.JobPaused, done: "paused",
		do: func(c *client.Client, name string) error { return c.Pause(ctx, name, in) },
	}
	switch {
	case stop.Until != nil:
		change.already, change.done = "", "paused"+a.ending(stop.Until)+", then resumed by itself"
	case stop.For != "":
		change.already, change.done = "", "paused for "+human.Distance(o.length)+", then resumed by itself"
	}
	return a.changeState(ctx, o.selector, args, change)
}

// stateChange is a change of status that several jobs may undergo.
type stateChange struct {
	verb    string
	already job.JobStatus // a job in this status stays as it is
	done    string        // how a job is called afterwards
	do      func(c *client.Client, name string) error
	before  func(names []string, bulk bool) error // asks for confirmation; nil = where it concerns every job
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
	if s.dryRun {
		return a.preview(ctx, c, names, change.verb)
	}
	if change.before == nil {
		change.before = func(names []string, _ bool) error { return a.confirmAll(s, names, change.verb) }
	}
	if err := change.before(names, bulk); err != nil {
		return err
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

// confirmAll asks before something that can be undone happens to every job.
func (a *app) confirmAll(s selector, names []string, verb string) error {
	if !s.all {
		return nil
	}
	return a.confirm(s.yes, fmt.Sprintf("This %ss every job: %s.", verb, human.Plural(len(names), "job")), fmt.Sprint(len(names)))
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
