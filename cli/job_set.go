package cli

import (
	"context"
	"reflect"
	"slices"

	"github.com/spf13/cobra"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/client"
	"github.com/agentic-sdlc/scheduler/job"
)

// unsettable are the fields that --unset takes back to their defaults.
var unsettable = []string{
	"description", "timezone", "start_date", "end_date", "max_executions", "dst_policy", "jitter_ms", "misfire", "misfire_grace_ms",
	"payload", "max_retries", "retry_delay_ms", "retry_backoff", "retry_max_delay_ms", "timeout_ms", "priority",
	"concurrency", "overlap", "on_lost", "pause_on_failures", "on_failure", "tags", "metadata",
}

type jobSetOptions struct {
	jobFlags
	rename    string
	unset     []string
	reason    string
	ifVersion int64
	dryRun    bool
}

func newJobSetCmd(a *app) *cobra.Command {
	var o jobSetOptions
	cmd := &cobra.Command{
		Use:        "set JOB [flags] [-- COMMAND ARGS...]",
		SuggestFor: []string{"update", "change", "patch"},
		Short:      "Change a job; only what is given changes",
		Long: `Change a job. Only what is given changes: --tag replaces all tags, --metadata all
metadata, --payload the whole payload, --set one member of it.`,
		Example: `  schedctl job set nightly-backup --timeout 45m --max-retries 1
  schedctl job set drip-u57 --unset end_date`,
		Args:              nameAndCommand,
		ValidArgsFunction: completeJobs(a, 1),
		RunE: a.action(func(cmd *cobra.Command, args []string) error {
			return runJobSet(cmd, a, args[0], args[1:], &o)
		}),
	}
	f := cmd.Flags()
	f.StringVarP(&o.schedule, "schedule", "s", "", "cron expression")
	f.StringVar(&o.rename, "name", "", "another name")
	o.declareAt(cmd)
	o.declareWindow(cmd)
	o.declare(cmd, a)
	f.StringArrayVar(&o.unset, "unset", nil, "take a field of the API back to its default, such as end_date")
	f.StringVar(&o.reason, "reason", "", "why, for the audit log")
	f.Int64Var(&o.ifVersion, "if-version", 0, "only if the job still has this revision")
	dryRunFlag(cmd, &o.dryRun)
	_ = cmd.RegisterFlagCompletionFunc("unset", cobra.FixedCompletions(unsettable, noFileComp))
	return cmd
}

func runJobSet(cmd *cobra.Command, a *app, ref string, argv []string, o *jobSetOptions) error {
	for _, field := range o.unset {
		if !slices.Contains(unsettable, field) {
			return usagef("--unset: %v", notAllowed(field, unsettable))
		}
	}
	ctx := cmd.Context()
	c, err := a.connect()
	if err != nil {
		return err
	}
	var base []byte
	if o.payload.whole == "" && o.payload.given() {
		before, err := c.Job(ctx, ref)
		if err != nil {
			return err
		}
		base = before.Payload
	}
	in, err := o.input(a, cmd, argv, base)
	if err != nil {
		return err
	}
	in.Null = o.unset
	set(o.rename != "", &in.Name, o.rename)
	w := client.Write{Reason: o.reason, IfRevision: o.ifVersion, DryRun: o.dryRun}
	if o.dryRun {
		return a.wouldChange(ctx, c, ref, func() (job.Job, error) { return changeJob(ctx, c, ref, in, w) })
	}
	changed, err := changeJob(ctx, c, ref, in, w)
	if err != nil {
		return err
	}
	return printOne(a, changed, changed.Name, func() error {
		a.say("job %s changed, revision %d", changed.Name, changed.Revision)
		if changed.NextRun != nil {
			a.say("next run %s", a.moment(*changed.NextRun))
		}
		return nil
	})
}

// changeJob refuses to ask for nothing.
func changeJob(ctx context.Context, c *client.Client, ref string, in api.JobInput, w client.Write) (job.Job, error) {
	if reflect.ValueOf(in).IsZero() {
		return job.Job{}, usagef("nothing to change").WithHint("give a flag, for example --timeout 30m")
	}
	return c.ChangeJob(ctx, ref, in, w)
}
