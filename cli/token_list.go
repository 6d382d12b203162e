package cli

import (
	"context"
	"slices"

	"github.com/spf13/cobra"

	"github.com/agentic-sdlc/scheduler/api"
)

func newTokenListCmd(a *app) *cobra.Command {
	var states []string
	cmd := &cobra.Command{
		Use:        "list",
		Aliases:    []string{"ls"},
		SuggestFor: []string{"get", "show"},
		Short:      "List tokens",
		Example: `  schedctl token list
  schedctl token list --state valid,expired -o wide`,
		Args:              none,
		ValidArgsFunction: noFiles,
		RunE: a.action(func(cmd *cobra.Command, _ []string) error {
			return runTokenList(cmd.Context(), a, states)
		}),
	}
	listsOf(a, cmd, a.tokenTable)
	enumsVar(cmd, &states, "state", "only these states", api.TokenStates()...)
	return cmd
}

func runTokenList(ctx context.Context, a *app, states []string) error {
	c, err := a.connect()
	if err != nil {
		return err
	}
	tokens, err := c.Tokens(ctx)
	if err != nil {
		return err
	}
	if len(states) > 0 {
		tokens = slices.DeleteFunc(tokens, func(t api.Token) bool { return !slices.Contains(states, t.State) })
	}
	return printList(a, listing[api.Token]{
		Items: tokens, Total: int64(len(tokens)),
		Name:  func(t api.Token) string { return t.Name },
		Table: a.tokenTable,
		None:  "No tokens found.",
	})
}
