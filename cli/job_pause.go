package cli

import (
	"github.com/spf13/cobra"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/cli/human"
)

type jobPauseOptions struct {
	selector
	stopFlags
	cancelRunning bool
	strict        bool
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
	cmd.Flags().BoolVar(&o.strict, "strict", false, "exit with 5 when one is paused already")
	return cmd
}

func runJobPause(cmd *cobra.Command, a *app, args []string, o jobPauseOptions) error {
	stop, err := o.stop(a, cmd)
	if err != nil {
		return err
	}
	change := bulkChange{
		Bulk: api.Bulk{Action: api.BulkPause, Until: stop.Until, For: stop.For, Reason: stop.Reason, CancelRunning: o.cancelRunning},
		done: "paused", already: "paused", strict: o.strict,
	}
	switch {
	case stop.Until != nil:
		change.done += a.ending(stop.Until) + ", then resumed by itself"
	case stop.For != "":
		change.done += " for " + human.Distance(o.length) + ", then resumed by itself"
	}
	return a.changeJobs(cmd.Context(), o.selector, args, change)
}
