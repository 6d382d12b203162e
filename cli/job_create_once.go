package cli

import (
	"github.com/spf13/cobra"

	"github.com/agentic-sdlc/scheduler/job"
)

func newJobCreateOnceCmd(a *app) *cobra.Command {
	var o jobCreateOptions
	cmd := &cobra.Command{
		Use:     "once NAME --at TIME|--in DURATION [-- COMMAND ARGS...]",
		Aliases: []string{"one-time", "one_time"},
		Short:   "Create a job that runs once",
		Example: `  schedctl job create once escalate-T-1042 --in 48h --handler check-and-escalate --set ticket_id=T-1042
  schedctl job create once reboot --at 'tomorrow 03:00' -- /sbin/reboot`,
		PreRunE: func(cmd *cobra.Command, _ []string) error {
			if !cmd.Flags().Changed("at") && !cmd.Flags().Changed("in") {
				return usagef("missing flag --at or --in").WithHint("for example --at 'tomorrow 09:00' or --in 48h")
			}
			return nil
		},
	}
	o.declareAt(cmd)
	return finishCreate(a, cmd, &o, job.TypeOneTime)
}
