package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/cli/human"
	"github.com/agentic-sdlc/scheduler/client"
	"github.com/agentic-sdlc/scheduler/job"
)

func newJobCreateCmd(a *app) *cobra.Command {
	return group(a, &cobra.Command{
		Use:        "create",
		SuggestFor: []string{"new", "add", "schedule"},
		Short:      "Create a job",
		Example: `  schedctl job create cron backup -s '0 2 * * *' -- /usr/local/bin/backup
  schedctl job create once reminder --in 48h --handler send-notification --set to=ops`,
	}, newJobCreateCronCmd(a), newJobCreateOnceCmd(a), newJobCreateRecurringCmd(a), newJobCreateEventCmd(a))
}

// jobCreateOptions are what all three kinds of jobs have.
type jobCreateOptions struct {
	jobFlags
	ifNotExists bool
	reason      string
	dryRun      bool
}

// finishCreate completes a command that creates jobs of a type.
func finishCreate(a *app, cmd *cobra.Command, o *jobCreateOptions, t job.Type) *cobra.Command {
	o.declare(cmd, a)
	cmd.Flags().BoolVar(&o.disabled, "disabled", false, "create it paused")
	cmd.Flags().BoolVar(&o.ifNotExists, "if-not-exists", false, "leave a job that has the name alone, and succeed")
	cmd.Flags().StringVar(&o.reason, "reason", "", "why, for the audit log")
	dryRunFlag(cmd, &o.dryRun)
	cmd.Args = nameAndCommand
	cmd.ValidArgsFunction = func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveDefault // the command is a file
		}
		return nil, noFileComp
	}
	cmd.RunE = a.action(func(cmd *cobra.Command, args []string) error {
		in, err := o.input(a, cmd, args[1:], nil)
		if err != nil {
			return err
		}
		if in.HandlerName == nil {
			return usagef("the job has nothing to run").WithHint("add -- COMMAND ARGS..., --shell, --url or --handler")
		}
		in.Name = &args[0]
		return runJobCreate(cmd.Context(), a, t, in, *o)
	})
	return cmd
}

// nameAndCommand takes a name, and a command behind "--".
func nameAndCommand(cmd *cobra.Command, args []string) error {
	names := len(args)
	if dash := cmd.ArgsLenAtDash(); dash >= 0 {
		names = dash
	}
	switch {
	case names == 0:
		return missing(cmd, "NAME")
	case names > 1:
		return usagef("unexpected argument %q", args[1]).WithHint("a command to run stands behind --: schedctl job create ... -- %s", args[1])
	}
	return nil
}

func runJobCreate(ctx context.Context, a *app, t job.Type, in api.JobInput, o jobCreateOptions) error {
	c, err := a.connect()
	if err != nil {
		return err
	}
	created, err := c.CreateJob(ctx, t, in, client.Write{Reason: o.reason, DryRun: o.dryRun})
	if job.CodeOf(err) == job.Conflict && o.ifNotExists {
		existing, getErr := c.Job(ctx, *in.Name)
		if getErr != nil {
			return err
		}
		return printOne(a, existing, existing.Name, func() error {
			a.say("job %s exists already", existing.Name)
			return nil
		})
	}
	if err != nil {
		return err
	}
	return printOne(a, created, created.Name, func() error {
		if o.dryRun {
			a.sayWouldCreate(&created)
			return nil
		}
		a.sayCreated(ctx, c, &created)
		return nil
	})
}

// sayCreated tells what was created and when it runs.
func (a *app) sayCreated(ctx context.Context, c *client.Client, j *job.Job) {
	if j.ExecuteAt != nil {
		a.say("job %s created; runs once %s", j.Name, a.moment(*j.ExecuteAt))
		return
	}
	if j.Type == job.TypeEvent {
		a.say("job %s created (%s); runs %s", j.Name, j.ID, onWhat(j))
		return
	}
	const most = 1000
	count := 1
	if j.MaxExecutions != nil && *j.MaxExecutions <= most {
		count = int(*j.MaxExecutions)
	}
	a.say("job %s created (%s)", j.Name, j.ID)
	next, err := c.Next(ctx, j.ID.String(), count, time.Time{})
	if err != nil {
		return // the job exists; that its schedule cannot be explained is no failure
	}
	a.sayNext(next)
	if n := len(next.Items); j.MaxExecutions != nil && n > 0 && int64(n) == *j.MaxExecutions {
		a.say("%s, last one %s", human.Plural(n, "run"), a.day(next.Items[n-1].At))
	}
}

// sayNext tells a schedule in words and its next slot, and warns.
func (a *app) sayNext(next api.Explained) {
	text := next.Words
	switch {
	case len(next.Items) > 0:
		text = fmt.Sprintf("%s; next run %s", text, a.moment(next.Items[0].At))
	case next.Note != "":
		text += "; " + next.Note
	}
	a.say("%s", text)
	for _, w := range next.Warnings {
		a.note("warning: %s", w)
	}
}
