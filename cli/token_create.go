package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/agentic-sdlc/scheduler/api"
)

type tokenCreateOptions struct {
	role string
	out  tokenOut
}

func newTokenCreateCmd(a *app) *cobra.Command {
	var o tokenCreateOptions
	cmd := &cobra.Command{
		Use:        "create NAME",
		SuggestFor: []string{"add", "new", "make"},
		Short:      "Make a token",
		Long: `Make a token for a program that uses the API over the network. It is confined to the
platform of --platform, to the reserved one without it, and to none with --platform '*'.
A viewer reads, an operator makes and runs jobs with the handlers that the configuration
names, an admin makes tokens too. The token is shown once; schedd keeps only a hash.`,
		Example: `  schedctl token create ci --role operator --platform web --expires 90d --out ci.token
  schedctl token create dashboard --platform '*'`,
		Args:              exactly("NAME"),
		ValidArgsFunction: noFiles,
		RunE: a.action(func(cmd *cobra.Command, args []string) error {
			return runTokenCreate(cmd.Context(), a, args[0], o)
		}),
	}
	o.role = "viewer"
	enumVar(cmd, &o.role, "role", "what its bearer may do", api.Roles()...)
	o.out.declare(cmd)
	return cmd
}

func runTokenCreate(ctx context.Context, a *app, name string, o tokenCreateOptions) error {
	c, err := a.connect()
	if err != nil {
		return err
	}
	return a.issue(o.out, func() (api.NewToken, error) {
		return c.CreateToken(ctx, api.TokenInput{Name: name, Role: o.role, ExpiresIn: o.out.expires.String()})
	})
}
