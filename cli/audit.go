package cli

import "github.com/spf13/cobra"

func newAuditCmd(a *app) *cobra.Command {
	return in(groupOperations, group(a, &cobra.Command{
		Use:     "audit",
		Short:   "See who changed what, and prove that nothing was lost",
		Example: "  schedctl audit list --since 1d\n  schedctl audit slots",
	}, newAuditListCmd(a), newAuditShowCmd(a), newAuditSlotsCmd(a)))
}
