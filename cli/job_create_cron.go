package cli

import (
	"github.com/spf13/cobra"

	"github.com/agentic-sdlc/scheduler/job"
)

func newJobCreateCronCmd(a *app) *cobra.Command {
	var o jobCreateOptions
	cmd := &cobra.Command{
		Use:   "cron NAME -s EXPR [-- COMMAND ARGS...]",
		Short: "Create a job that runs on a schedule",
		Example: `  schedctl job create cron log-archive -s '0 2 * * *' --timezone America/New_York \
      --timeout 30m --max-retries 2 --tag backup -- /usr/local/bin/archive --days 7
  schedctl job create cron ping -s '@every 30s' --url https://example.org/ping`,
	}
	declareSchedule(cmd, &o)
	return finishCreate(a, cmd, &o, job.TypeCron)
}

// declareSchedule adds the schedule, which is required.
func declareSchedule(cmd *cobra.Command, o *jobCreateOptions) {
	cmd.Flags().StringVarP(&o.schedule, "schedule", "s", "", "cron expression, @daily or @every 90s")
	cmd.PreRunE = func(cmd *cobra.Command, _ []string) error {
		if !cmd.Flags().Changed("schedule") {
			return usagef("missing flag --schedule").WithHint("for example -s '0 2 * * *'; see %q", "schedctl help schedules")
		}
		return nil
	}
}
