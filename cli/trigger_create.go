package cli

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v3"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/client"
)

// triggerFlags are what create and set have in common.
type triggerFlags struct {
	on, when, dedupe, action, template string
	job, workflow, agent               string

	tags            []string
	priority        int
	delay, debounce time.Duration
	payload         payloadFlags
}

func (o *triggerFlags) declare(cmd *cobra.Command, a *app) {
	f := cmd.Flags()
	o.action, o.priority = hyphened(api.EventCreateJob), 5
	f.StringVar(&o.on, "on", "", "name of the events, or a pattern with * and ?")
	f.StringVar(&o.when, "when", "", `condition over the event, such as 'data.priority in ["high"]'`)
	enumVar(cmd, &o.action, "action", "what to do", hyphenedActions()...)
	f.StringVar(&o.template, "template", "", "file, YAML or JSON, of what the action is told; texts may hold ${EXPRESSION}; - = standard input")
	f.StringVar(&o.job, "job", "", "run-job, cancel-jobs: exact name of the job; may hold ${EXPRESSION}")
	f.StringVar(&o.workflow, "workflow", "", "trigger-workflow: name of the workflow; may hold ${EXPRESSION}")
	f.StringVar(&o.agent, "agent", "", "dispatch-agent: type of the agent; may hold ${EXPRESSION}")
	f.StringSliceVar(&o.tags, "tag", nil, "cancel-jobs: jobs that have all of these tags")
	f.StringVar(&o.payload.whole, "payload", "", "payload, a JSON object or @FILE; may hold ${EXPRESSION}")
	f.StringArrayVar(&o.payload.set, "set", nil, "member of the payload, key=value")
	f.StringArrayVar(&o.payload.setString, "set-string", nil, "member of the payload that is text, key=value")
	f.IntVar(&o.priority, "priority", o.priority, "1 to 10; the higher acts first")
	durationVar(f, &o.delay, "delay", "between the event and the act")
	durationVar(f, &o.debounce, "debounce", "act once, so long after the last of several events")
	f.StringVar(&o.dedupe, "dedupe-key", "", "expression, such as data.ticket_id: act once for each value")
	for _, name := range []string{"on", "when", "set", "set-string", "payload", "tag", "delay", "debounce", "dedupe-key", "priority"} {
		_ = cmd.RegisterFlagCompletionFunc(name, noFiles)
	}
	_ = cmd.RegisterFlagCompletionFunc("job", completeJobs(a, 0))
	_ = cmd.RegisterFlagCompletionFunc("workflow", completeWorkflows(a))
	_ = cmd.RegisterFlagCompletionFunc("agent", completeAgentTypes(a))
}

// input is what the flags that were given say.
func (o *triggerFlags) input(a *app, cmd *cobra.Command, all bool) (api.EventHandlerInput, error) {
	given := func(name string) bool { return all || cmd.Flags().Changed(name) }
	var in api.EventHandlerInput
	for name, f := range map[string]struct {
		to   **string
		text string
	}{"on": {&in.EventName, o.on}, "when": {&in.When, o.when}, "dedupe-key": {&in.DedupeKey, o.dedupe}} {
		if given(name) {
			text := f.text
			*f.to = &text
		}
	}
	if given("action") {
		action := strings.ReplaceAll(o.action, "-", "_")
		in.ActionType = &action
	}
	if given("priority") {
		in.Priority = &o.priority
	}
	if given("delay") {
		in.DelayMS = new(o.delay.Milliseconds())
	}
	if given("debounce") {
		in.DebounceMS = new(o.debounce.Milliseconds())
	}
	config, err := o.config(a)
	in.ActionConfig = config
	return in, err
}

// config is what the action is told: the template, with what flags say of it; nil when
// nothing was given.
func (o *triggerFlags) config(a *app) (json.RawMessage, error) {
	config := map[string]any{}
	if o.template != "" {
		text, err := a.input(o.template, 1<<20)
		if err != nil {
			return nil, err
		}
		if err := yaml.Unmarshal(text, &config); err != nil {
			return nil, usagef("%s: %v", o.template, err).WithHint("a template is keys and values, in YAML or JSON")
		}
	}
	for key, name := range map[string]string{"job": o.job, "workflow": o.workflow, "agent": o.agent} {
		if name != "" {
			config[key] = name
		}
	}
	if len(o.tags) > 0 {
		config["tags"] = o.tags
	}
	if o.payload.given() {
		payload, err := o.payload.build(a, nil)
		if err != nil {
			return nil, err
		}
		config["payload"] = payload
	}
	if len(config) == 0 {
		return nil, nil
	}
	raw, err := json.Marshal(config)
	if err != nil {
		return nil, usagef("%s: keys must be texts", o.template)
	}
	return raw, nil
}

func newTriggerCreateCmd(a *app) *cobra.Command {
	var o triggerFlags
	var disabled bool
	var reason string
	cmd := &cobra.Command{
		Use:        "create NAME --on EVENT",
		SuggestFor: []string{"new", "add", "on"},
		Short:      "Create a trigger",
		Long: `Create a trigger: on events of that name, if the condition holds, do the action. The
template of create-job is a job as in a job file, whose texts may hold ${EXPRESSION} over
the event: data is what it carries, event has id, name, platform and at. A text that is
one ${EXPRESSION} and nothing else becomes the value with its type.`,
		Example: `  schedctl trigger create sla --on ticket:created --when 'data.priority in ["high", "critical"]' --template sla-job.yaml
  schedctl trigger create reindex --on 'doc:*' --action run-job --job reindex --debounce 30s --set 'id=${data.id}'
  schedctl trigger create stop-nagging --on ticket:resolved --action cancel-jobs --tag 'ticket:${data.ticket_id}'
  schedctl trigger create load --on file:arrived --action trigger-workflow --workflow etl --set 'file=${data.path}'`,
		Args:              exactly("NAME"),
		ValidArgsFunction: noFiles,
		RunE: a.action(func(cmd *cobra.Command, args []string) error {
			if o.on == "" {
				return usagef("missing flag --on").WithHint("for example --on ticket:created")
			}
			in, err := o.input(a, cmd, true)
			if err != nil {
				return err
			}
			if in.ActionConfig == nil {
				return usagef("nothing says what %s is about", o.action).WithHint("give --template FILE, or --job, --workflow, --agent, --tag")
			}
			enabled := !disabled
			in.Name, in.Enabled = &args[0], &enabled
			c, err := a.connect()
			if err != nil {
				return err
			}
			t, err := c.CreateEventHandler(cmd.Context(), in, client.Write{Reason: reason})
			if err != nil {
				return err
			}
			return printOne(a, t, t.Name, func() error {
				a.say("trigger %s created, %s, priority %d", t.Name, enabledWord(t.Enabled), t.Priority)
				return nil
			})
		}),
	}
	o.declare(cmd, a)
	cmd.Flags().BoolVar(&disabled, "disabled", false, "create it disabled")
	cmd.Flags().StringVar(&reason, "reason", "", "why, for the audit log")
	return cmd
}

func newTriggerSetCmd(a *app) *cobra.Command {
	var o triggerFlags
	var name, reason string
	var revision int64
	cmd := &cobra.Command{
		Use:               "set TRIGGER",
		SuggestFor:        []string{"update", "change", "edit"},
		Short:             "Change a trigger; only the given fields change",
		Example:           `  schedctl trigger set sla --when 'data.priority == "critical"'`,
		Args:              exactly("TRIGGER"),
		ValidArgsFunction: completeTriggers(a),
		RunE: a.action(func(cmd *cobra.Command, args []string) error {
			in, err := o.input(a, cmd, false)
			if err != nil {
				return err
			}
			if cmd.Flags().Changed("name") {
				in.Name = &name
			}
			c, err := a.connect()
			if err != nil {
				return err
			}
			t, err := c.ChangeEventHandler(cmd.Context(), args[0], in, client.Write{Reason: reason, IfRevision: revision})
			if err != nil {
				return err
			}
			return printOne(a, t, t.Name, func() error {
				a.say("trigger %s is at revision %d", t.Name, t.Revision)
				return nil
			})
		}),
	}
	o.declare(cmd, a)
	cmd.Flags().StringVar(&name, "name", "", "another name")
	cmd.Flags().StringVar(&reason, "reason", "", "why, for the audit log")
	cmd.Flags().Int64Var(&revision, "if-version", 0, "fail unless it is at this revision")
	_ = cmd.RegisterFlagCompletionFunc("name", noFiles)
	return cmd
}
