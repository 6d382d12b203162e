package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/agentic-sdlc/scheduler/client"
)

type tokenRevokeOptions struct {
	yes    bool
	reason string
}

func newTokenRevokeCmd(a *app) *cobra.Command {
	var o tokenRevokeOptions
	cmd := &cobra.Command{
		Use:               "revoke TOKEN",
		SuggestFor:        []string{"delete", "remove", "rm", "end"},
		Short:             "End a token at once",
		Long:              "End a token, of which the name or the id is given. What its bearer follows ends within a second.",
		Example:           `  schedctl token revoke ci --yes --reason 'laptop lost'`,
		Args:              exactly("TOKEN"),
		ValidArgsFunction: completeTokens(a),
		RunE: a.action(func(cmd *cobra.Command, args []string) error {
			return runTokenRevoke(cmd.Context(), a, args[0], o)
		}),
	}
	cmd.Flags().BoolVarP(&o.yes, "yes", "y", false, "do not ask")
	cmd.Flags().StringVar(&o.reason, "reason", "", "why, for the audit log")
	return cmd
}

func runTokenRevoke(ctx context.Context, a *app, ref string, o tokenRevokeOptions) error {
	if err := a.confirm(o.yes, "Whoever uses the token "+ref+" is locked out.", ""); err != nil {
		return err
	}
	c, err := a.connect()
	if err != nil {
		return err
	}
	t, err := c.RevokeToken(ctx, ref, client.Write{Reason: o.reason})
	if err != nil {
		return err
	}
	return printOne(a, t, t.Name, func() error {
		a.say("token %s (%s) revoked", t.Name, t.ID)
		return nil
	})
}
