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

func newAlertRuleCmd(a *app) *cobra.Command {
	return group(a, &cobra.Command{
		Use:     "rule",
		Aliases: []string{"rules"},
		Short:   "Say when people must be told",
		Long: `Say when people must be told. A rule compares a metric with a value: figures of a window are
counted over the time of --for, others must be beyond the value for as long, and the metrics
scheduler.job.* find every job that is not as it should be. Every store begins with rules
about failures, timeouts, the queue and jobs that are late, missed, or too slow or too fast.`,
		Example: `  schedctl alert rule list
  schedctl alert rule create many-failures --metric scheduler.failure_rate --value 20 --for 10m --severity critical --channel email,slack
  schedctl alert rule test many-failures`,
	}, newAlertRuleListCmd(a), newAlertRuleShowCmd(a), newAlertRuleCreateCmd(a), newAlertRuleSetCmd(a), newAlertRuleEnableCmd(a, true), newAlertRuleEnableCmd(a, false),
		newAlertRuleDeleteCmd(a), newAlertRuleTestCmd(a))
}

// completeAlertRules completes names of alert rules.
func completeAlertRules(a *app, most int) completer {
	return func(_ *cobra.Command, args []string, prefix string) ([]string, cobra.ShellCompDirective) {
		if most > 0 && len(args) >= most {
			return nil, noFileComp
		}
		var names []string
		a.ask(func(ctx context.Context, c *client.Client) {
			rules, _ := c.AlertRules(ctx)
			for i := range rules {
				if r := &rules[i]; strings.HasPrefix(r.Name, prefix) {
					names = append(names, described(r.Name, r.Condition.Metric+" "+r.Says))
				}
			}
		})
		return names, noFileComp
	}
}

func (a *app) alertRuleTable(rules []api.AlertRule, wide bool) *render.Table {
	headers := []string{"NAME", "STATE=enabled", "SEVERITY", "METRIC", "WHEN=says", "?CHANNELS"}
	if wide {
		headers = append(headers, "REACHES", "PLATFORM=platform_id", "REVISION", "BY=created_by", "~DESCRIPTION")
	}
	t := render.NewTable(headers...)
	for i := range rules {
		r := &rules[i]
		row := []render.Cell{
			render.Text(r.Name), a.marked(enabledWord(r.Enabled), enabledMarks[r.Enabled]), {Text: r.Severity, Style: severityStyles[r.Severity]},
			render.Text(r.Condition.Metric), render.Text(r.Says), render.Text(or(strings.Join(r.Channels, ", "), human.Absent)),
		}
		if wide {
			for _, text := range []string{
				or(strings.Join(r.Reaches, ", "), human.Absent), platformOf(r.PlatformID), strconv.FormatInt(r.Revision, 10), r.CreatedBy, or(r.Description, human.Absent),
			} {
				row = append(row, render.Text(text))
			}
		}
		t.Add(row...)
	}
	return t
}

func newAlertRuleListCmd(a *app) *cobra.Command {
	return allOf(a, &cobra.Command{
		Use:        "list",
		Aliases:    []string{"ls"},
		SuggestFor: []string{"get"},
		Short:      "List alert rules",
		Example:    "  schedctl alert rule list\n  schedctl alert rule ls -o wide",
	}, func(ctx context.Context, c *client.Client) ([]api.AlertRule, error) { return c.AlertRules(ctx) },
		listing[api.AlertRule]{Name: func(r api.AlertRule) string { return r.Name }, Table: a.alertRuleTable, None: "No alert rules found."})
}

func newAlertRuleShowCmd(a *app) *cobra.Command {
	return a.oneAlertRule(&cobra.Command{
		Use:        "show RULE",
		SuggestFor: []string{"get", "describe"},
		Short:      "Show an alert rule and whom it reaches",
		Example:    "  schedctl alert rule show scheduler-timeout-spike",
	}, func(ctx context.Context, c *client.Client, name string) error {
		r, err := c.AlertRule(ctx, name)
		if err != nil {
			return err
		}
		return printOne(a, r, r.Name, func() error {
			a.say("%s  %s, %s", r.Name, enabledWord(r.Enabled), r.Severity)
			if r.Description != "" {
				a.say("  %-10s %s", "about", r.Description)
			}
			a.say("  %-10s %s %s", "when", r.Condition.Metric, r.Says)
			a.say("  %-10s %s", "channels", or(strings.Join(r.Channels, ", "), "none"))
			a.say("  %-10s %s", "reaches", or(strings.Join(r.Reaches, ", "), "nobody: no such channel is configured"))
			a.say("  %-10s %s", "platform", platformOf(r.PlatformID))
			a.say("  %-10s %d, by %s", "revision", r.Revision, or(r.UpdatedBy, r.CreatedBy))
			return nil
		})
	})
}

// oneAlertRule completes a command about one rule.
func (a *app) oneAlertRule(cmd *cobra.Command, do func(ctx context.Context, c *client.Client, name string) error) *cobra.Command {
	cmd.Args, cmd.ValidArgsFunction = exactly("RULE"), completeAlertRules(a, 1)
	cmd.RunE = a.calling(func(ctx context.Context, c *client.Client, args []string) error {
		return do(ctx, c, args[0])
	})
	return cmd
}

func newAlertRuleTestCmd(a *app) *cobra.Command {
	return a.oneAlertRule(&cobra.Command{
		Use:        "test RULE",
		SuggestFor: []string{"try", "check"},
		Short:      "Say what a rule would find now, and tell nobody",
		Example:    "  schedctl alert rule test scheduler-high-failure-rate",
	}, func(ctx context.Context, c *client.Client, name string) error {
		t, err := c.TestAlertRule(ctx, name)
		if err != nil {
			return err
		}
		return printOne(a, t, name, func() error { return a.sayAlertTest(&t) })
	})
}

func (a *app) sayAlertTest(t *api.AlertTested) error {
	verdict := "is right"
	if t.Beyond {
		verdict = "is beyond it"
	}
	if t.Value != nil {
		a.say("now %s, looked for %s: %s", strconv.FormatFloat(*t.Value, 'f', -1, 64), t.Says, verdict)
	} else {
		a.say("%s found", human.Plural(len(t.Found), "job"))
	}
	a.say("would tell %s", or(strings.Join(t.Channels, ", "), "nobody"))
	if t.Value != nil || len(t.Found) == 0 {
		return nil
	}
	table := render.NewTable("JOB", "PLATFORM", "+WHAT")
	for i := range t.Found {
		f := &t.Found[i]
		table.AddText(f.JobName, platformOf(f.PlatformID), f.Summary)
	}
	return a.printTable(table)
}

func newAlertRuleEnableCmd(a *app, on bool) *cobra.Command {
	verb, about := "disable", "Look no more at a rule; its alerts are resolved"
	if on {
		verb, about = "enable", "Look at a rule again"
	}
	return &cobra.Command{
		Use:               verb + " RULE...",
		Short:             about,
		Example:           "  schedctl alert rule " + verb + " job-late",
		Args:              atLeast(1, "RULE"),
		ValidArgsFunction: completeAlertRules(a, 0),
		RunE: a.calling(func(ctx context.Context, c *client.Client, args []string) error {
			return a.each(ctx, args, func(name string) error {
				r, err := c.ChangeAlertRule(ctx, name, api.AlertRuleInput{Enabled: &on}, client.Write{})
				if err != nil {
					return err
				}
				return printOne(a, r, r.Name, func() error {
					a.say("alert rule %s %s", r.Name, enabledWord(r.Enabled))
					return nil
				})
			})
		}),
	}
}

func newAlertRuleDeleteCmd(a *app) *cobra.Command {
	var yes bool
	var reason string
	cmd := a.oneAlertRule(&cobra.Command{
		Use:        "delete RULE",
		SuggestFor: []string{"remove", "rm"},
		Short:      "Remove an alert rule; its alerts are resolved",
		Example:    "  schedctl alert rule delete many-failures --yes",
	}, func(ctx context.Context, c *client.Client, name string) error {
		if err := a.confirm(yes, "The alert rule "+name+" is removed, and its alerts are resolved.", ""); err != nil {
			return err
		}
		r, err := c.DeleteAlertRule(ctx, name, client.Write{Reason: reason})
		if err != nil {
			return err
		}
		return printOne(a, r, r.Name, func() error {
			a.say("alert rule %s deleted", r.Name)
			return nil
		})
	})
	cmd.Flags().BoolVarP(&yes, "yes", "y", false, "do not ask")
	cmd.Flags().StringVar(&reason, "reason", "", "why, for the audit log")
	return cmd
}
