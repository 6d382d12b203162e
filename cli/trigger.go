package cli

import (
	"context"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/cli/human"
	"github.com/agentic-sdlc/scheduler/cli/render"
	"github.com/agentic-sdlc/scheduler/client"
)

func newTriggerCmd(a *app) *cobra.Command {
	return in(groupJobs, group(a, &cobra.Command{
		Use:        "trigger",
		Aliases:    []string{"triggers"},
		SuggestFor: []string{"rule", "event-handler", "hook"},
		Short:      "Say what events make happen",
		Example: `  schedctl trigger create sla --on ticket:created --when 'data.priority == "high"' --template sla-job.yaml
  schedctl trigger test sla --data '{"ticket_id": "T-1", "priority": "high"}'`,
	}, newTriggerCreateCmd(a), newTriggerListCmd(a), newTriggerShowCmd(a), newTriggerSetCmd(a), newTriggerEnableCmd(a, true), newTriggerEnableCmd(a, false),
		newTriggerDeleteCmd(a), newTriggerTestCmd(a)))
}

// completeTriggers completes names of triggers.
func completeTriggers(a *app) completer {
	return func(_ *cobra.Command, args []string, prefix string) ([]string, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, noFileComp
		}
		var names []string
		a.ask(func(ctx context.Context, c *client.Client) {
			triggers, _ := c.EventHandlers(ctx)
			for i := range triggers {
				if t := &triggers[i]; strings.HasPrefix(t.Name, prefix) {
					names = append(names, described(t.Name, "on "+t.EventName))
				}
			}
		})
		return names, noFileComp
	}
}

// hyphened is an action as the command line writes it.
func hyphened(action string) string { return strings.ReplaceAll(action, "_", "-") }

// hyphenedActions are all actions.
func hyphenedActions() []string {
	var words []string
	for _, action := range api.EventActions() {
		words = append(words, hyphened(action))
	}
	return words
}

func (a *app) triggerTable(triggers []api.EventHandler, wide bool) *render.Table {
	headers := []string{"NAME", "STATE", "ON", "ACTION", "?TRIGGERED", "?FAILED", "?LAST"}
	if wide {
		headers = append(headers, "DEDUPLICATED", "CANCELLED", "PRIORITY", "PLATFORM", "~WHEN", "~LAST ERROR")
	}
	t := render.NewTable(headers...)
	for i := range triggers {
		k := &triggers[i]
		row := []render.Cell{
			render.Text(k.Name), a.marked(enabledWord(k.Enabled), enabledMarks[k.Enabled]), render.Text(k.EventName), render.Text(hyphened(k.ActionType)),
			render.Text(strconv.FormatInt(k.TriggerCount, 10)), render.Text(strconv.FormatInt(k.FailureCount, 10)), render.Text(a.when(k.LastTriggered)),
		}
		if wide {
			for _, text := range []string{
				strconv.FormatInt(k.DeduplicatedCount, 10), strconv.FormatInt(k.CancelledCount, 10), strconv.Itoa(k.Priority), platformOf(k.PlatformID),
				or(k.When, human.Absent), or(k.LastError, human.Absent),
			} {
				row = append(row, render.Text(text))
			}
		}
		t.Add(row...)
	}
	return t
}

var enabledMarks = map[bool]mark{true: {"●", "*", render.Green}, false: {"‖", "=", render.Yellow}}

func enabledWord(enabled bool) string {
	if enabled {
		return "enabled"
	}
	return "disabled"
}

func newTriggerListCmd(a *app) *cobra.Command {
	return allOf(a, &cobra.Command{
		Use:        "list",
		Aliases:    []string{"ls"},
		SuggestFor: []string{"get"},
		Short:      "List what events make happen",
		Example:    "  schedctl trigger list\n  schedctl trigger ls -o wide",
	}, func(ctx context.Context, c *client.Client) ([]api.EventHandler, error) { return c.EventHandlers(ctx) },
		listing[api.EventHandler]{Name: func(t api.EventHandler) string { return t.Name }, Table: a.triggerTable, None: "No triggers found."})
}

func newTriggerShowCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:               "show TRIGGER",
		SuggestFor:        []string{"describe", "get"},
		Short:             "Show a trigger, its figures and what it did last",
		Example:           "  schedctl trigger show sla",
		Args:              exactly("TRIGGER"),
		ValidArgsFunction: completeTriggers(a),
		RunE: a.calling(func(ctx context.Context, c *client.Client, args []string) error {
			t, err := c.EventHandler(ctx, args[0])
			if err != nil {
				return err
			}
			return printOne(a, t, t.Name, func() error { return a.sayTrigger(&t) })
		}),
	}
}

func (a *app) sayTrigger(t *api.EventHandler) error {
	a.say("%s  %s, on %s, priority %d", t.Name, enabledWord(t.Enabled), t.EventName, t.Priority)
	a.say("  %-12s %s", "when", or(t.When, "always"))
	a.say("  %-12s %s %s", "action", hyphened(t.ActionType), compact(t.ActionConfig))
	if t.DelayMS > 0 {
		a.say("  %-12s %s", "delay", human.Millis(&t.DelayMS))
	}
	if t.DebounceMS > 0 {
		a.say("  %-12s %s", "debounce", human.Millis(&t.DebounceMS))
	}
	if t.DedupeKey != "" {
		a.say("  %-12s %s", "dedupe key", t.DedupeKey)
	}
	a.say("  %-12s %d triggered, %d succeeded, %d failed, %d deduplicated, %d cancelled", "figures", t.TriggerCount, t.SuccessCount, t.FailureCount, t.DeduplicatedCount, t.CancelledCount)
	if t.LastError != "" {
		a.say("  %-12s %s: %s", "last error", a.when(t.LastErrorAt), t.LastError)
	}
	if len(t.Acts) == 0 {
		return nil
	}
	a.say("")
	table := render.NewTable("WHEN", "STATE", "EVENT", "JOB", "+DETAIL")
	for i := range t.Acts {
		act := &t.Acts[i]
		detail := or(act.Detail, human.Absent)
		if act.DueAt != nil {
			detail = "due " + a.moment(*act.DueAt)
		}
		table.AddText(a.when(&act.At), act.State, act.EventID, or(act.JobName, human.Absent), detail)
	}
	return a.printTable(table)
}

func newTriggerEnableCmd(a *app, on bool) *cobra.Command {
	verb, about := "disable", "Make a trigger do nothing"
	if on {
		verb, about = "enable", "Make a trigger act again"
	}
	return &cobra.Command{
		Use:               verb + " TRIGGER...",
		Short:             about,
		Example:           "  schedctl trigger " + verb + " sla",
		Args:              atLeast(1, "TRIGGER"),
		ValidArgsFunction: completeTriggers(a),
		RunE: a.calling(func(ctx context.Context, c *client.Client, args []string) error {
			return a.each(ctx, args, func(name string) error {
				t, err := c.ChangeEventHandler(ctx, name, api.EventHandlerInput{Enabled: &on}, client.Write{})
				if err != nil {
					return err
				}
				return printOne(a, t, t.Name, func() error {
					a.say("trigger %s %s", t.Name, enabledWord(t.Enabled))
					return nil
				})
			})
		}),
	}
}

func newTriggerDeleteCmd(a *app) *cobra.Command {
	var yes bool
	cmd := &cobra.Command{
		Use:               "delete TRIGGER",
		SuggestFor:        []string{"remove", "rm"},
		Short:             "Remove a trigger with what waits for it",
		Example:           "  schedctl trigger delete sla --yes",
		Args:              exactly("TRIGGER"),
		ValidArgsFunction: completeTriggers(a),
		RunE: a.action(func(cmd *cobra.Command, args []string) error {
			if err := a.confirm(yes, "The trigger "+args[0]+" and what waits for it are removed; the jobs that it made stay.", ""); err != nil {
				return err
			}
			c, err := a.connect()
			if err != nil {
				return err
			}
			t, err := c.DeleteEventHandler(cmd.Context(), args[0], client.Write{})
			if err != nil {
				return err
			}
			return printOne(a, t, t.Name, func() error {
				a.say("trigger %s deleted", t.Name)
				return nil
			})
		}),
	}
	cmd.Flags().BoolVarP(&yes, "yes", "y", false, "do not ask")
	return cmd
}
