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
		a.pick(1, []verb{
			{"create", newJobCreateCmd},
			{"list ls", newJobListCmd},
			{"show", newJobShowCmd},
			{"set", newJobSetCmd},
			{"edit", newJobEditCmd},
			{"reschedule", newJobRescheduleCmd},
			{"pause", newJobPauseCmd},
			{"resume", newJobResumeCmd},
			{"cancel", newJobCancelCmd},
			{"delete", newJobDeleteCmd},
			{"clone", newJobCloneCmd},
			{"tag", newJobTagCmd},
			{"revisions", newJobRevisionsCmd},
			{"diff", newJobDiffCmd},
			{"rollback", newJobRollbackCmd},
			{"history", newJobHistoryCmd},
			{"stats", newJobStatsCmd},
			{"export", newJobExportCmd},
			{"run", func(a *app) *cobra.Command { return newRunCmd(a, "") }},
		})...,
	))
}
