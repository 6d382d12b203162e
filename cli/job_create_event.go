package cli

import (
	"github.com/spf13/cobra"

	"github.com/agentic-sdlc/scheduler/job"
)

func newJobCreateEventCmd(a *app) *cobra.Command {
	var o jobCreateOptions
	cmd := &cobra.Command{
		Use:   "event NAME --on EVENT|--after JOB[:OUTCOME] [-- COMMAND ARGS...]",
		Short: "Create a job that events, or the ends of other jobs, make run",
		Long: `Create a job that events make run, or the ends of other jobs. Texts of its payload may
hold ${EXPRESSION} over the event. An event for which the condition of --when is false
leaves a skipped run.`,
		Example: `  schedctl job create event notify --on workflow:failed --handler send-notification --set 'text=${data.workflow} failed'
  schedctl job create event load --after extract -- /opt/etl/load
  schedctl job create event alarm --after extract:failure --after load:failure --handler page-ops`,
		PreRunE: func(cmd *cobra.Command, _ []string) error {
			if !cmd.Flags().Changed("on") && !cmd.Flags().Changed("after") {
				return usagef("missing flag --on or --after").WithHint("for example --on ticket:created, or --after extract")
			}
			return nil
		},
	}
	o.declareEvent(cmd, a)
	return finishCreate(a, cmd, &o, job.TypeEvent)
}
