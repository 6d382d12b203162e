package cli

import "github.com/spf13/cobra"

func newAuditCmd(a *app) *cobra.Command {
	return in(groupOperations, group(a, &cobra.Command{
		Use:     "audit",
		Short:   "Prove that nothing was lost",
		Example: "  schedctl audit slots",
	}, newAuditSlotsCmd(a)))
}
