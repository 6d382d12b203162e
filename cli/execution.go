package cli

import "github.com/spf13/cobra"

func newExecutionCmd(a *app) *cobra.Command {
	return in(groupExecutions, group(a, &cobra.Command{
		Use:        "execution",
		Aliases:    []string{"executions", "x"},
		SuggestFor: []string{"exec", "run"},
		Short:      "Look at executions, retry and cancel them",
		Example: `  schedctl execution list nightly-backup --status failed
  schedctl execution show nightly-backup/184`,
	}, a.pick(1, []verb{
		{"list ls", newExecutionListCmd},
		{"show", newExecutionShowCmd},
		{"retry", newExecutionRetryCmd},
		{"cancel", newExecutionCancelCmd},
		{"diff", newExecutionDiffCmd},
	})...))
}
