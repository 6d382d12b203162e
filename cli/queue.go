package cli

import "github.com/spf13/cobra"

func newQueueCmd(a *app) *cobra.Command {
	return in(groupOperations, group(a, &cobra.Command{
		Use:     "queue",
		Aliases: []string{"queues"},
		Short:   "Look at what waits, and pause its dispatch",
		Example: `  schedctl queue status
  schedctl queue pause --platform web --for 30m --reason 'mail relay down'`,
	}, newQueueStatusCmd(a), newQueuePeekCmd(a), newQueuePauseCmd(a), newQueueResumeCmd(a)))
}
