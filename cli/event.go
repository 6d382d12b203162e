package cli

import "github.com/spf13/cobra"

func newEventCmd(a *app) *cobra.Command {
	return in(groupJobs, group(a, &cobra.Command{
		Use:     "event",
		Aliases: []string{"events"},
		Short:   "Send, list and follow events",
		Example: "  schedctl event emit ticket:created --set ticket_id=T-1042\n  schedctl event tail 'scheduler:job.*'",
	}, newEventEmitCmd(a), newEventListCmd(a), newEventTailCmd(a)))
}
