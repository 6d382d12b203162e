package cli

import (
	"github.com/spf13/cobra"
)

func newJobHistoryCmd(a *app) *cobra.Command {
	var o executionListOptions
	cmd := &cobra.Command{
		Use:               "history JOB",
		SuggestFor:        []string{"runs", "executions"},
		Short:             "List the executions of a job",
		Example:           "  schedctl job history reindex --status failed,timeout --since 30d",
		Args:              exactly("JOB"),
		ValidArgsFunction: completeJobs(a, 1),
		RunE: a.action(func(cmd *cobra.Command, args []string) error {
			o.job = args[0]
			return runExecutionList(cmd.Context(), a, o)
		}),
	}
	o.declare(cmd, a)
	return cmd
}
