package cli

import (
	"context"
	"slices"

	"github.com/spf13/cobra"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/client"
)

func newTokenListCmd(a *app) *cobra.Command {
	var states []string
	cmd := allOf(a, &cobra.Command{
		Use:        "list",
		Aliases:    []string{"ls"},
		SuggestFor: []string{"get", "show"},
		Short:      "List tokens",
		Example: `  schedctl token list
  schedctl token list --state valid,expired -o wide`,
	}, func(ctx context.Context, c *client.Client) ([]api.Token, error) {
		tokens, err := c.Tokens(ctx)
		if len(states) > 0 {
			tokens = slices.DeleteFunc(tokens, func(t api.Token) bool { return !slices.Contains(states, t.State) })
		}
		return tokens, err
	}, listing[api.Token]{Name: func(t api.Token) string { return t.Name }, Table: a.tokenTable, None: "No tokens found."})
	enumsVar(cmd, &states, "state", "only these states", api.TokenStates()...)
	return cmd
}
