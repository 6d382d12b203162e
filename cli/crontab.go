package cli

import "github.com/spf13/cobra"

func newCrontabCmd(a *app) *cobra.Command {
	return in(groupSchedules, group(a, &cobra.Command{
		Use:     "crontab",
		Short:   "Take over a crontab, or write one",
		Example: "  crontab -l | schedctl crontab import - --dry-run",
	}, newCrontabImportCmd(a), newCrontabExportCmd(a), newCrontabCheckCmd(a)))
}
