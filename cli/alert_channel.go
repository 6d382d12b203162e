package cli

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/cli/render"
	"github.com/agentic-sdlc/scheduler/client"
)

func newAlertChannelCmd(a *app) *cobra.Command {
	return group(a, &cobra.Command{
		Use:     "channel",
		Aliases: []string{"channels"},
		Short:   "See by what people are told, and try it",
		Long: `See by what people are told, and try it. Channels are in the configuration of the daemon,
under handlers.channels; dashboard is the list of alerts itself.`,
		Example: "  schedctl alert channel list\n  schedctl alert channel test email",
	}, newAlertChannelListCmd(a), newAlertChannelTestCmd(a))
}

func (a *app) alertChannelTable(list []api.AlertChannel, _ bool) *render.Table {
	t := render.NewTable("NAME", "TYPE", "PLATFORMS")
	for i := range list {
		t.AddText(list[i].Name, list[i].Type, or(strings.Join(list[i].Platforms, ", "), "all"))
	}
	return t
}

func newAlertChannelListCmd(a *app) *cobra.Command {
	return allOf(a, &cobra.Command{
		Use:     "list",
		Aliases: []string{"ls"},
		Short:   "List the channels that alerts may be told by",
		Example: "  schedctl alert channel list",
	}, func(ctx context.Context, c *client.Client) ([]api.AlertChannel, error) { return c.AlertChannels(ctx) },
		listing[api.AlertChannel]{Name: func(ch api.AlertChannel) string { return ch.Name }, Table: a.alertChannelTable, None: "No channels found."})
}

func newAlertChannelTestCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:        "test CHANNEL",
		SuggestFor: []string{"try", "send"},
		Short:      "Tell a channel that somebody tries it",
		Example:    "  schedctl alert channel test email",
		Args:       exactly("CHANNEL"),
		ValidArgsFunction: func(cmd *cobra.Command, args []string, prefix string) ([]string, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, noFileComp
			}
			return completeChannels(a)(cmd, args, prefix)
		},
		RunE: a.calling(func(ctx context.Context, c *client.Client, args []string) error {
			ch, err := c.TestAlertChannel(ctx, args[0])
			if err != nil {
				return err
			}
			return printOne(a, ch, ch.Name, func() error {
				a.say("channel %s was told", ch.Name)
				return nil
			})
		}),
	}
}
