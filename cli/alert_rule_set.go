package cli

import (
	"context"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/agentic-sdlc/scheduler/alert"
	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/client"
)

// alertRuleFlags are what create and set have in common.
type alertRuleFlags struct {
	metric, description string
	operator            alert.Operator
	value               float64
	lasting             time.Duration
	severity            alert.Severity
	channels            []string
	reason              string
}

func (o *alertRuleFlags) declare(cmd *cobra.Command, a *app) {
	f := cmd.Flags()
	o.operator, o.severity = alert.GT, alert.Warning
	f.StringVar(&o.metric, "metric", "", "what is compared, such as scheduler.failure_rate")
	enumVar(cmd, &o.operator, "op", "how", alert.Operators()...)
	f.Float64Var(&o.value, "value", 0, "with what; milliseconds where the metric is a time")
	durationVar(f, &o.lasting, "for", "time that it is counted over, or that it must last")
	enumVar(cmd, &o.severity, "severity", "how bad it is", alert.Severities()...)
	f.StringSliceVar(&o.channels, "channel", []string{alert.Dashboard}, "who is told: dashboard, names of channels, or a type such as email; may be given again")
	f.StringVar(&o.description, "description", "", "what it is about")
	f.StringVar(&o.reason, "reason", "", "why, for the audit log")
	_ = cmd.RegisterFlagCompletionFunc("metric", completeMetrics)
	_ = cmd.RegisterFlagCompletionFunc("channel", completeChannels(a))
	for _, name := range []string{"value", "for", "description"} {
		_ = cmd.RegisterFlagCompletionFunc(name, noFiles)
	}
}

// completeMetrics completes names of metrics.
func completeMetrics(_ *cobra.Command, _ []string, prefix string) ([]string, cobra.ShellCompDirective) {
	var names []string
	for _, m := range alert.Metrics() {
		if strings.HasPrefix(m.Name, prefix) {
			names = append(names, described(m.Name, m.About))
		}
	}
	return names, noFileComp
}

// completeChannels completes names of channels.
func completeChannels(a *app) completer {
	return func(_ *cobra.Command, _ []string, prefix string) ([]string, cobra.ShellCompDirective) {
		var names []string
		a.ask(func(ctx context.Context, c *client.Client) {
			channels, _ := c.AlertChannels(ctx)
			for i := range channels {
				if strings.HasPrefix(channels[i].Name, prefix) {
					names = append(names, described(channels[i].Name, channels[i].Type))
				}
			}
		})
		return names, noFileComp
	}
}

// input is what the flags that were given say.
func (o *alertRuleFlags) input(cmd *cobra.Command) api.AlertRuleInput {
	given := cmd.Flags().Changed
	var in api.AlertRuleInput
	var c api.AlertConditionInput
	set(given("metric"), &c.Metric, o.metric)
	set(given("op"), &c.Operator, string(o.operator))
	set(given("value"), &c.Value, o.value)
	set(given("for"), &c.DurationMS, o.lasting.Milliseconds())
	if c != (api.AlertConditionInput{}) {
		in.Condition = &c
	}
	set(given("severity"), &in.Severity, string(o.severity))
	set(given("channel"), &in.Channels, o.channels)
	set(given("description"), &in.Description, o.description)
	return in
}

func newAlertRuleCreateCmd(a *app) *cobra.Command {
	var o alertRuleFlags
	var disabled bool
	cmd := &cobra.Command{
		Use:        "create NAME --metric METRIC --value N",
		SuggestFor: []string{"new", "add"},
		Short:      "Create an alert rule",
		Long: `Create an alert rule, of the platform of --platform; --platform '*' looks at all platforms
together. Names of metrics are completed; docs/alerts.md lists them.`,
		Example: `  schedctl alert rule create many-failures --metric scheduler.failure_rate --value 20 --for 10m --severity critical --channel email,slack
  schedctl alert rule create backlog --metric scheduler.queue.oldest_ms --value 60000 --for 5m --channel ops-pager
  schedctl alert rule create late-jobs --metric scheduler.job.late --value 60000 --platform web`,
		Args:              exactly("NAME"),
		ValidArgsFunction: noFiles,
		RunE: a.action(func(cmd *cobra.Command, args []string) error {
			if o.metric == "" {
				return usagef("missing flag --metric").WithHint("for example --metric scheduler.failure_rate")
			}
			in := o.input(cmd)
			in.Name = &args[0]
			if disabled {
				in.Enabled = new(bool)
			}
			return a.writeAlertRule(func(c *client.Client) (api.AlertRule, error) {
				return c.CreateAlertRule(cmd.Context(), in, client.Write{Reason: o.reason})
			}, "created")
		}),
	}
	o.declare(cmd, a)
	cmd.Flags().BoolVar(&disabled, "disabled", false, "create it disabled")
	return cmd
}

func newAlertRuleSetCmd(a *app) *cobra.Command {
	var o alertRuleFlags
	var name string
	var revision int64
	cmd := &cobra.Command{
		Use:               "set RULE",
		SuggestFor:        []string{"update", "change", "edit"},
		Short:             "Change an alert rule; only the given fields change",
		Example:           "  schedctl alert rule set scheduler-high-failure-rate --value 25 --channel dashboard,email",
		Args:              exactly("RULE"),
		ValidArgsFunction: completeAlertRules(a, 1),
		RunE: a.action(func(cmd *cobra.Command, args []string) error {
			in := o.input(cmd)
			set(cmd.Flags().Changed("name"), &in.Name, name)
			if in == (api.AlertRuleInput{}) {
				return usagef("nothing to change").WithHint("say what: schedctl alert rule set --help")
			}
			return a.writeAlertRule(func(c *client.Client) (api.AlertRule, error) {
				return c.ChangeAlertRule(cmd.Context(), args[0], in, client.Write{Reason: o.reason, IfRevision: revision})
			}, "changed")
		}),
	}
	o.declare(cmd, a)
	cmd.Flags().StringVar(&name, "name", "", "another name")
	cmd.Flags().Int64Var(&revision, "if-version", 0, "fail unless it is at this revision")
	_ = cmd.RegisterFlagCompletionFunc("name", noFiles)
	return cmd
}

// writeAlertRule writes a rule and says what it is then.
func (a *app) writeAlertRule(write func(c *client.Client) (api.AlertRule, error), done string) error {
	c, err := a.connect()
	if err != nil {
		return err
	}
	r, err := write(c)
	if err != nil {
		return err
	}
	return printOne(a, r, r.Name, func() error {
		a.say("alert rule %s %s: %s %s, %s", r.Name, done, r.Condition.Metric, r.Says, r.Severity)
		if !hasChannels(r.Reaches, r.Channels) {
			a.note("it reaches %s; the channels it names are not all configured here", or(strings.Join(r.Reaches, ", "), "nobody"))
		}
		return nil
	})
}

// hasChannels reports whether each named channel reaches somebody.
func hasChannels(reaches, named []string) bool { return len(reaches) >= len(named) }
