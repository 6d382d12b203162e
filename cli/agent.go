package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/cli/human"
	"github.com/agentic-sdlc/scheduler/cli/render"
	"github.com/agentic-sdlc/scheduler/client"
)

func newAgentCmd(a *app) *cobra.Command {
	return in(groupOperations, group(a, &cobra.Command{
		Use:        "agent",
		Aliases:    []string{"agents"},
		SuggestFor: []string{"bot"},
		Short:      "Look after the agents that run jobs",
		Example:    "  schedctl agent create reporter-1 --type report-generator\n  schedctl agent list",
	}, newAgentListCmd(a), newAgentShowCmd(a), newAgentCreateCmd(a), newAgentSetCmd(a), newAgentEnableCmd(a, true), newAgentEnableCmd(a, false), newAgentDeleteCmd(a)))
}

func newAgentListCmd(a *app) *cobra.Command {
	var typ string
	cmd := allOf(a, &cobra.Command{
		Use:        "list",
		Aliases:    []string{"ls"},
		SuggestFor: []string{"get"},
		Short:      "List agents",
		Example:    "  schedctl agent list\n  schedctl agent list --type report-generator -o wide",
	}, func(ctx context.Context, c *client.Client) ([]api.Agent, error) { return c.Agents(ctx, typ) },
		listing[api.Agent]{Name: func(g api.Agent) string { return g.Name }, Table: a.agentTable, None: "No agents found."})
	cmd.Flags().StringVar(&typ, "type", "", "only agents of this type")
	_ = cmd.RegisterFlagCompletionFunc("type", completeAgentTypes(a))
	return cmd
}

var agentMarks = map[string]mark{
	api.AgentLive: {"●", "*", render.Green}, api.AgentSilent: {"✗", "x", render.Red}, api.AgentDisabled: {"⊘", "-", render.Dim},
}

func (a *app) agentTable(agents []api.Agent, wide bool) *render.Table {
	headers := []string{"AGENT", "TYPE", "STATE", "BUSY", "?TRANSPORT", "?LAST SEEN"}
	if wide {
		headers = append(headers, "PLATFORM", "HEARTBEAT", "ENDPOINT", "~DESCRIPTION")
	}
	t := render.NewTable(headers...)
	for i := range agents {
		g := &agents[i]
		row := []render.Cell{
			render.Text(g.Name), render.Text(g.Type), a.marked(g.State, agentMarks[g.State]), render.Text(agentBusy(g)),
			render.Text(g.Transport), render.Text(a.when(g.LastSeen)),
		}
		if wide {
			for _, text := range []string{platformOf(g.PlatformID), heartbeatOf(g), g.Endpoint, or(g.Description, human.Absent)} {
				row = append(row, render.Text(text))
			}
		}
		t.Add(row...)
	}
	return t
}

func agentBusy(g *api.Agent) string { return fmt.Sprintf("%d/%d", g.Running, g.Capacity) }

func heartbeatOf(g *api.Agent) string {
	if g.HeartbeatMS == 0 {
		return human.Absent
	}
	return fmt.Sprintf("%dms", g.HeartbeatMS)
}

func newAgentShowCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:               "show AGENT",
		SuggestFor:        []string{"get", "describe"},
		Short:             "Show an agent",
		Example:           "  schedctl agent show reporter-1",
		Args:              exactly("AGENT"),
		ValidArgsFunction: completeAgents(a),
		RunE: a.calling(func(ctx context.Context, c *client.Client, args []string) error {
			g, err := c.Agent(ctx, args[0])
			if err != nil {
				return err
			}
			return a.printAgent(&g, "")
		}),
	}
}

// printAgent prints an agent; did says in one word what became of it, "" = nothing.
func (a *app) printAgent(g *api.Agent, did string) error {
	return printOne(a, *g, g.Name, func() error {
		if did != "" {
			a.say("agent %s %s", g.Name, did)
			return nil
		}
		a.say("%s  %s", g.Name, g.State)
		for _, row := range [][2]string{
			{"type", g.Type}, {"platform", platformOf(g.PlatformID)}, {"transport", g.Transport}, {"endpoint", g.Endpoint}, {"busy", agentBusy(g)},
			{"heartbeat", heartbeatOf(g)}, {"last seen", a.when(g.LastSeen)}, {"about", g.Description},
			{"created", a.when(&g.CreatedAt) + " by " + g.CreatedBy}, {"changed", a.when(&g.UpdatedAt) + " by " + g.UpdatedBy},
		} {
			if row[1] != "" && row[1] != human.Absent {
				a.fact(10, row[0], row[1])
			}
		}
		return nil
	})
}

// completeAgents completes the name of an agent.
func completeAgents(a *app) completer {
	return func(_ *cobra.Command, args []string, prefix string) ([]string, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, noFileComp
		}
		return a.agentWords(prefix, func(g *api.Agent) (string, string) { return g.Name, g.Type }), noFileComp
	}
}

// completeAgentTypes completes a type of agents.
func completeAgentTypes(a *app) completer {
	return func(_ *cobra.Command, _ []string, prefix string) ([]string, cobra.ShellCompDirective) {
		return a.agentWords(prefix, func(g *api.Agent) (string, string) { return g.Type, "" }), noFileComp
	}
}

// agentWords asks the daemon for agents, and returns a word of each with what it means.
func (a *app) agentWords(prefix string, word func(g *api.Agent) (word, about string)) []string {
	var words []string
	seen := map[string]bool{}
	a.ask(func(ctx context.Context, c *client.Client) {
		agents, _ := c.Agents(ctx, "")
		for i := range agents {
			if w, about := word(&agents[i]); strings.HasPrefix(w, prefix) && !seen[w] {
				seen[w] = true
				words = append(words, described(w, about))
			}
		}
	})
	return words
}
