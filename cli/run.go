package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/client"
	"github.com/agentic-sdlc/scheduler/job"
)

type runOptions struct {
	waitOptions
	laterFlags
	payload        payloadFlags
	force          bool
	overlap        job.Overlap
	idempotencyKey string
	reason         string
}

func newRunCmd(a *app, group string) *cobra.Command {
	var o runOptions
	cmd := &cobra.Command{
		Use:        "run JOB",
		SuggestFor: []string{"trigger", "start", "execute", "fire"},
		Short:      "Run a job now, or once later",
		Long: `Run a job now, beside its schedule. With --wait the exit status tells how the
execution ended: see "schedctl help exit-codes". With --at or --in a one-time job is made
that does the same, named after the job and the time.`,
		Example: `  schedctl run nightly-backup --wait --logs
  schedctl run report --set month=2026-10 --wait --timeout 10m --cancel-on-timeout
  schedctl run report --at 'tomorrow 06:00'`,
		GroupID:           group,
		Args:              exactly("JOB"),
		ValidArgsFunction: completeJobs(a, 1),
		RunE: a.action(func(cmd *cobra.Command, args []string) error {
			return runRun(cmd.Context(), a, args[0], o)
		}),
	}
	f := cmd.Flags()
	f.StringVar(&o.payload.whole, "payload", "", "another payload: JSON object, @FILE or @-")
	f.StringArrayVar(&o.payload.set, "set", nil, "change a member of the payload, KEY[.KEY]=VALUE; JSON where it is JSON")
	f.StringArrayVar(&o.payload.setString, "set-string", nil, "the same, always a string")
	f.BoolVar(&o.force, "force", false, "run it although it is paused")
	enumVar(cmd, &o.overlap, "overlap", "what to do when another run goes on", job.Overlaps()...)
	f.StringVar(&o.idempotencyKey, "idempotency-key", "", "the same key never runs the job twice")
	f.StringVar(&o.reason, "reason", "", "why, for the audit log")
	o.waitOptions.declare(cmd)
	o.laterFlags.declare(cmd)
	return cmd
}

func runRun(ctx context.Context, a *app, ref string, o runOptions) error {
	if err := o.check(a); err != nil {
		return err
	}
	if o.at != "" && o.in != 0 {
		return usagef("--at and --in can't be combined")
	}
	c, err := a.connect()
	if err != nil {
		return err
	}
	if o.wanted() {
		return runLater(ctx, a, c, ref, &o)
	}
	in := api.Run{Force: o.force, Overlap: o.overlap}
	if o.payload.given() {
		if in.Payload, err = o.newPayload(ctx, a, c, ref); err != nil {
			return err
		}
	}
	e, err := c.Run(ctx, ref, in, client.Write{Reason: o.reason, IdempotencyKey: o.idempotencyKey})
	if err != nil {
		return err
	}
	if o.waiting() {
		return a.await(ctx, c, e, o.waitOptions)
	}
	if err := printOne(a, e, runName(&e), func() error {
		a.say("%s %s", runName(&e), queuedWord(&e))
		return nil
	}); err != nil {
		return err
	}
	if e.Status == job.Skipped {
		return &statusError{status: exitRunSkipped, outcome: true}
	}
	return nil
}

// newPayload is the job's payload with the changes that were asked for.
func (o *runOptions) newPayload(ctx context.Context, a *app, c *client.Client, ref string) ([]byte, error) {
	var base []byte
	if o.payload.whole == "" {
		j, err := c.Job(ctx, ref)
		if err != nil {
			return nil, err
		}
		base = j.Payload
	}
	object, err := o.payload.build(a, base)
	if err != nil {
		return nil, err
	}
	return encode(object)
}
