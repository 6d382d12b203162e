package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/agentic-sdlc/scheduler/api"
)

func newTokenRotateCmd(a *app) *cobra.Command {
	var o tokenOut
	cmd := &cobra.Command{
		Use:        "rotate TOKEN",
		SuggestFor: []string{"renew", "refresh", "replace"},
		Short:      "Put a new token in the place of an old one",
		Long: `Put a new token in the place of an old one, of which the name or the id is given. Name,
platform and role stay. The old one opens nothing from now on.`,
		Example:           `  schedctl token rotate ci --out ci.token.new`,
		Args:              exactly("TOKEN"),
		ValidArgsFunction: completeTokens(a),
		RunE: a.action(func(cmd *cobra.Command, args []string) error {
			return runTokenRotate(cmd.Context(), a, args[0], o)
		}),
	}
	o.declare(cmd)
	return cmd
}

func runTokenRotate(ctx context.Context, a *app, ref string, o tokenOut) error {
	c, err := a.connect()
	if err != nil {
		return err
	}
	return a.issue(o, func() (api.NewToken, error) {
		return c.RotateToken(ctx, ref, api.TokenRotation{ExpiresIn: o.expires.String()})
	})
}
