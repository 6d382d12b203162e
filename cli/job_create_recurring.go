package cli

import (
	"github.com/spf13/cobra"

	"github.com/agentic-sdlc/scheduler/job"
)

func newJobCreateRecurringCmd(a *app) *cobra.Command {
	var o jobCreateOptions
	cmd := &cobra.Command{
		Use:   "recurring NAME -s EXPR --start TIME [--end TIME] [--max-executions N] [-- COMMAND ARGS...]",
		Short: "Create a job that runs on a schedule within limits",
		Example: `  schedctl job create recurring drip-u57 -s '0 10 * * *' --timezone America/New_York \
      --start 'tomorrow 10:00' --max-executions 7 --handler send-drip-email --set user_id=u57`,
	}
	declareSchedule(cmd, &o)
	o.declareWindow(cmd)
	needsSchedule := cmd.PreRunE
	cmd.PreRunE = func(cmd *cobra.Command, args []string) error {
		if !cmd.Flags().Changed("start") {
			return usagef("missing flag --start").WithHint("for example --start now or --start 'tomorrow 10:00'")
		}
		return needsSchedule(cmd, args)
	}
	return finishCreate(a, cmd, &o, job.TypeRecurring)
}
