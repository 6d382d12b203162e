package cli

import "github.com/spf13/cobra"

func newEventCmd(a *app) *cobra.Command {
	return in(groupJobs, group(a, &cobra.Command{
		Use:     "event",
		Aliases: []string{"events"},
		Short:   "Follow events",
		Example: "  schedctl event tail 'scheduler:job.*'",
	}, newEventTailCmd(a)))
}
