package cli

import "github.com/spf13/cobra"

func newJobCmd(a *app) *cobra.Command {
	return in(groupJobs, group(a, &cobra.Command{
		Use:     "job",
		Aliases: []string{"jobs", "j"},
		Short:   "Define jobs and look at them",
		Example: `  schedctl job create cron backup -s '0 2 * * *' -- /usr/local/bin/backup
  schedctl job list --failing`,
	},
		newJobCreateCmd(a), newJobListCmd(a), newJobShowCmd(a), newJobSetCmd(a), newJobRescheduleCmd(a),
		newJobPauseCmd(a), newJobResumeCmd(a), newJobCancelCmd(a), newJobDeleteCmd(a), newJobHistoryCmd(a), newJobExportCmd(a),
		newRunCmd(a, ""),
	))
}
