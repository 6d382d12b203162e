package cli

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/client"
	"github.com/agentic-sdlc/scheduler/job"
)

type jobRescheduleOptions struct {
	jobFlags
	reason    string
	ifVersion int64
	dryRun    bool
}

func newJobRescheduleCmd(a *app) *cobra.Command {
	var o jobRescheduleOptions
	cmd := &cobra.Command{
		Use:   "reschedule JOB [EXPR]",
		Short: "Give a job another schedule, or a one-time job another time",
		Example: `  schedctl job reschedule nightly-backup '30 3 * * *' --timezone Europe/Berlin
  schedctl job reschedule escalate-T-1042 --in 12h`,
		Args:              between(1, "JOB", "EXPR"),
		ValidArgsFunction: completeJobs(a, 1),
		RunE: a.action(func(cmd *cobra.Command, args []string) error {
			timed := o.at != "" || cmd.Flags().Changed("in")
			if timed == (len(args) == 2) {
				return usagef("give either a schedule, or --at or --in").WithHint("%s", usageOf(cmd))
			}
			in := api.Reschedule{}
			if len(args) == 2 {
				in.Schedule = args[1]
			}
			var times api.JobInput
			if err := o.instants(a, cmd, &times); err != nil {
				return err
			}
			if times.In != nil {
				at := a.env.Now().Add(o.in).UTC()
				times.ExecuteAt = &at
			}
			in.ExecuteAt = times.ExecuteAt
			set(o.timezone != "", &in.Timezone, o.timezone)
			return runJobReschedule(cmd.Context(), a, args[0], in, client.Write{Reason: o.reason, IfRevision: o.ifVersion, DryRun: o.dryRun})
		}),
	}
	f := cmd.Flags()
	f.StringVar(&o.timezone, "timezone", "", "IANA zone of the schedule")
	o.declareAt(cmd)
	f.StringVar(&o.reason, "reason", "", "why, for the audit log")
	f.Int64Var(&o.ifVersion, "if-version", 0, "only if the job still has this revision")
	dryRunFlag(cmd, &o.dryRun)
	_ = cmd.RegisterFlagCompletionFunc("timezone", completeZones)
	return cmd
}

func runJobReschedule(ctx context.Context, a *app, ref string, in api.Reschedule, w client.Write) error {
	c, err := a.connect()
	if err != nil {
		return err
	}
	if w.DryRun {
		return a.wouldChange(ctx, c, ref, func() (job.Job, error) { return c.Reschedule(ctx, ref, in, w) })
	}
	before, err := c.Job(ctx, ref)
	if err != nil {
		return err
	}
	after, err := c.Reschedule(ctx, ref, in, w)
	if err != nil {
		return err
	}
	return printOne(a, after, after.Name, func() error {
		a.say("job %s rescheduled: %s %s %s", after.Name, a.scheduleWord(&before), a.arrow(), a.scheduleWord(&after))
		a.say("next run %s %s %s", a.nextOf(&before), a.arrow(), a.nextOf(&after))
		if next, err := c.Next(ctx, after.ID.String(), 1, time.Time{}); err == nil && next.Words != "" {
			a.sayNext(next)
		}
		return nil
	})
}

// nextOf is the next run of a job in a sentence.
func (a *app) nextOf(j *job.Job) string {
	if j.NextRun == nil {
		return "none"
	}
	return a.moment(*j.NextRun)
}
