package cli

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/client"
)

// agentOptions are the flags of create and set.
type agentOptions struct {
	typ, transport, endpoint, description string
	capacity                              int
	heartbeat                             time.Duration
	disabled                              bool
	reason                                string
}

func (o *agentOptions) declare(a *app, cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&o.typ, "type", "", "what jobs name as their handler")
	_ = cmd.RegisterFlagCompletionFunc("type", completeAgentTypes(a))
	enumVar(cmd, &o.transport, "transport", "how it is reached; default http with --endpoint, else redis", api.AgentTransports()...)
	f.StringVar(&o.endpoint, "endpoint", "", "URL that takes tasks by POST, of an agent that is reached by HTTP")
	f.IntVar(&o.capacity, "capacity", 1, "tasks at once")
	durationVar(f, &o.heartbeat, "heartbeat", "how often it says that it lives; 0s = never; default 5s of redis")
	f.StringVar(&o.description, "description", "", "what it does, for people")
	f.StringVar(&o.reason, "reason", "", "why, for the audit log")
	for _, name := range []string{"endpoint", "capacity", "heartbeat", "description"} {
		_ = cmd.RegisterFlagCompletionFunc(name, noFiles)
	}
}

// input has the flags that were given.
func (o *agentOptions) input(cmd *cobra.Command) api.AgentInput {
	var in api.AgentInput
	given := cmd.Flags().Changed
	for _, f := range []struct {
		name string
		to   **string
		from *string
	}{{"type", &in.Type, &o.typ}, {"transport", &in.Transport, &o.transport}, {"endpoint", &in.Endpoint, &o.endpoint}, {"description", &in.Description, &o.description}} {
		if given(f.name) {
			*f.to = f.from
		}
	}
	if given("capacity") {
		in.Capacity = &o.capacity
	}
	if given("heartbeat") {
		ms := o.heartbeat.Milliseconds()
		in.HeartbeatMS = &ms
	}
	return in
}

func newAgentCreateCmd(a *app) *cobra.Command {
	var o agentOptions
	cmd := &cobra.Command{
		Use:        "create NAME",
		SuggestFor: []string{"add", "new", "register"},
		Short:      "Register an agent",
		Long: `Register an agent: a program that runs jobs of handler_type agent. Jobs name its type as
their handler. One with an endpoint gets tasks by POST; another one reads them from the
Redis stream of its type, and says on a stream that it lives. docs/agents.md has both.`,
		Example: `  schedctl agent create reporter-1 --type report-generator
  schedctl agent create summary --type summarise --endpoint https://agents.example.org/tasks --capacity 4`,
		Args:              exactly("NAME"),
		ValidArgsFunction: noFiles,
		RunE: a.action(func(cmd *cobra.Command, args []string) error {
			return runAgentCreate(cmd.Context(), a, cmd, args[0], &o)
		}),
	}
	o.declare(a, cmd)
	cmd.Flags().BoolVar(&o.disabled, "disabled", false, "give it no tasks yet")
	return cmd
}

func runAgentCreate(ctx context.Context, a *app, cmd *cobra.Command, name string, o *agentOptions) error {
	in := o.input(cmd)
	in.Name = &name
	if o.disabled {
		in.Enabled = new(bool)
	}
	c, err := a.connect()
	if err != nil {
		return err
	}
	g, err := c.CreateAgent(ctx, in, client.Write{Reason: o.reason})
	if err != nil {
		return err
	}
	return a.printAgent(&g, "created: "+g.Transport+" "+g.Endpoint)
}

func newAgentSetCmd(a *app) *cobra.Command {
	var o agentOptions
	cmd := &cobra.Command{
		Use:        "set AGENT",
		SuggestFor: []string{"update", "change", "edit"},
		Short:      "Change an agent",
		Long:       "Change an agent. Only what is given changes; tasks that it has go on.",
		Example: `  schedctl agent set reporter-1 --capacity 8
  schedctl agent set summary --endpoint https://agents.example.org/v2/tasks`,
		Args:              exactly("AGENT"),
		ValidArgsFunction: completeAgents(a),
		RunE: a.action(func(cmd *cobra.Command, args []string) error {
			in := o.input(cmd)
			if in == (api.AgentInput{}) {
				return usagef("nothing to change: give at least one flag").WithHint("schedctl agent set --help")
			}
			return a.changeAgent(cmd.Context(), args[0], in, o.reason, "changed")
		}),
	}
	o.declare(a, cmd)
	return cmd
}

func newAgentEnableCmd(a *app, on bool) *cobra.Command {
	var why string
	verb, short, did := "enable", "Give an agent tasks again", "enabled"
	if !on {
		verb, short, did = "disable", "Give an agent no more tasks; those that it has go on", "disabled"
	}
	cmd := &cobra.Command{
		Use:               verb + " AGENT",
		Short:             short,
		Example:           "  schedctl agent " + verb + " reporter-1",
		Args:              exactly("AGENT"),
		ValidArgsFunction: completeAgents(a),
		RunE: a.action(func(cmd *cobra.Command, args []string) error {
			return a.changeAgent(cmd.Context(), args[0], api.AgentInput{Enabled: &on}, why, did)
		}),
	}
	cmd.Flags().StringVar(&why, "reason", "", "why, for the audit log")
	return cmd
}

func (a *app) changeAgent(ctx context.Context, name string, in api.AgentInput, reason, did string) error {
	c, err := a.connect()
	if err != nil {
		return err
	}
	g, err := c.ChangeAgent(ctx, name, in, client.Write{Reason: reason})
	if err != nil {
		return err
	}
	return a.printAgent(&g, did)
}

func newAgentDeleteCmd(a *app) *cobra.Command {
	var yes bool
	var why string
	cmd := &cobra.Command{
		Use:               "delete AGENT",
		SuggestFor:        []string{"remove", "rm", "unregister"},
		Short:             "Forget an agent",
		Long:              "Forget an agent. It gets no more tasks, and what it says is heard no more.",
		Example:           "  schedctl agent delete reporter-1 --yes",
		Args:              exactly("AGENT"),
		ValidArgsFunction: completeAgents(a),
		RunE: a.action(func(cmd *cobra.Command, args []string) error {
			if err := a.confirm(yes, "Agent "+args[0]+" gets no more tasks.", ""); err != nil {
				return err
			}
			c, err := a.connect()
			if err != nil {
				return err
			}
			if err := c.DeleteAgent(cmd.Context(), args[0], client.Write{Reason: why}); err != nil {
				return err
			}
			a.say("agent %s deleted", args[0])
			return nil
		}),
	}
	cmd.Flags().BoolVarP(&yes, "yes", "y", false, "do not ask")
	cmd.Flags().StringVar(&why, "reason", "", "why, for the audit log")
	return cmd
}
