package cli

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/cli/timex"
	"github.com/agentic-sdlc/scheduler/client"
	"github.com/agentic-sdlc/scheduler/job"
)

// laterFlags say when a job shall run instead of now.
type laterFlags struct {
	at string
	in time.Duration
}

func (o *laterFlags) declare(cmd *cobra.Command) {
	cmd.Flags().StringVar(&o.at, "at", "", "run it once at TIME: a one-time job is made that does what it does")
	durationVar(cmd.Flags(), &o.in, "in", "run it once after DURATION, in the same way")
}

// wanted reports whether the run is to be later.
func (o *laterFlags) wanted() bool { return o.at != "" || o.in != 0 }

// time is when, said back.
func (o *laterFlags) time(a *app) (time.Time, error) {
	if o.at == "" {
		return a.env.Now().Add(o.in).UTC().Truncate(time.Second), nil
	}
	got, err := a.reader().Future(o.at)
	if err != nil {
		return time.Time{}, inFlag("at", err)
	}
	a.note("at: %q = %s", o.at, timex.Echo(got.At, got.Zone))
	return got.At.UTC(), nil
}

// runLater makes a one-time job like another one. It is seen, changed and cancelled like
// any job, and leaves the other one's schedule alone.
func runLater(ctx context.Context, a *app, c *client.Client, ref string, o *runOptions) error {
	if o.waiting() || o.force || o.idempotencyKey != "" {
		return usagef("--at and --in make a job; they don't go with --wait, --force and --idempotency-key").WithHint("schedctl wait the new job")
	}
	of, err := c.Job(ctx, ref)
	if err != nil {
		return err
	}
	at, err := o.time(a)
	if err != nil {
		return err
	}
	in, err := copied(&of, api.JobInput{})
	if err != nil {
		return err
	}
	in.Schedule, in.StartDate, in.EndDate, in.MaxExecutions, in.JitterMS, in.DSTPolicy = nil, nil, nil, nil, nil, nil
	name, description := of.Name+"-"+at.Format("20060102T150405Z"), "one run of "+of.Name
	in.Name, in.Description, in.ExecuteAt = &name, &description, &at
	if o.payload.given() {
		if in.Payload, err = o.newPayload(ctx, a, c, ref); err != nil {
			return err
		}
	}
	set(o.overlap != "", &in.Overlap, o.overlap)
	return runJobCreate(ctx, a, job.TypeOneTime, in, jobCreateOptions{reason: o.reason})
}
