package cli

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/agentic-sdlc/scheduler/alert"
	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/cli/human"
	"github.com/agentic-sdlc/scheduler/cli/render"
	"github.com/agentic-sdlc/scheduler/client"
)

func newAlertCmd(a *app) *cobra.Command {
	return in(groupOperations, group(a, &cobra.Command{
		Use:        "alert",
		Aliases:    []string{"alerts"},
		SuggestFor: []string{"alarm", "incident", "notification"},
		Short:      "See what people were told, and say when they must be",
		Example: `  schedctl alert list
  schedctl alert ack a17 --for 1h --reason 'vendor outage'
  schedctl alert rule create many-failures --metric scheduler.failure_rate --value 20 --for 10m --channel email`,
	}, newAlertListCmd(a), newAlertShowCmd(a), newAlertAckCmd(a), newAlertSilenceCmd(a), newAlertUnsilenceCmd(a), newAlertResolveCmd(a),
		newAlertRuleCmd(a), newAlertChannelCmd(a)))
}

// openStates are those of alerts that are not over.
func openStates() []string {
	return []string{string(alert.Firing), string(alert.Acknowledged), string(alert.Silenced)}
}

// completeAlerts completes ids of alerts that are open.
func completeAlerts(a *app, most int) completer {
	return func(_ *cobra.Command, args []string, prefix string) ([]string, cobra.ShellCompDirective) {
		if most > 0 && len(args) >= most {
			return nil, noFileComp
		}
		var ids []string
		a.ask(func(ctx context.Context, c *client.Client) {
			page, _ := c.Alerts(ctx, client.AlertQuery{States: openStates(), Limit: pageSize})
			for i := range page.Items {
				if one := &page.Items[i]; strings.HasPrefix(one.ID, prefix) {
					ids = append(ids, described(one.ID, one.Rule+": "+aboutAlert(one)))
				}
			}
		})
		return ids, noFileComp
	}
}

// aboutAlert is what is wrong, and with which job.
func aboutAlert(one *api.Alert) string {
	if one.JobName != "" {
		return one.JobName + ": " + one.Summary
	}
	return one.Summary
}

var (
	alertMarks = map[string]mark{
		string(alert.Firing): {"✗", "x", render.Red}, string(alert.Acknowledged): {"○", "o", render.Yellow},
		string(alert.Silenced): {"‖", "=", render.Dim}, string(alert.Resolved): {"✓", "+", render.Green},
	}
	severityStyles = map[string]render.Style{string(alert.Critical): render.Red, string(alert.Warning): render.Yellow}
)

// alertState is a state with who brought the alert into it.
func (a *app) alertState(one *api.Alert) render.Cell {
	word := one.State
	if one.State == string(alert.Acknowledged) {
		word = "acked by " + one.By
	}
	return a.marked(word, alertMarks[one.State])
}

func (a *app) alertTable(list []api.Alert, wide bool) *render.Table {
	headers := []string{"ID", "SEVERITY", "STATE", "RULE", "~VALUE=summary", "SINCE=fired_at", "?SENT TO=told"}
	if wide {
		headers = append(headers, "UNTIL", "RESOLVED=resolved_at", "PLATFORM=platform_id", "~REASON")
	}
	t := render.NewTable(headers...)
	for i := range list {
		one := &list[i]
		row := []render.Cell{
			render.Text(one.ID), {Text: one.Severity, Style: severityStyles[one.Severity]}, a.alertState(one), render.Text(one.Rule),
			render.Text(aboutAlert(one)), render.Text(a.when(&one.FiredAt)), render.Text(or(strings.Join(one.Told, ", "), human.Absent)),
		}
		if wide {
			for _, text := range []string{a.when(one.Until), a.when(one.ResolvedAt), platformOf(one.PlatformID), or(one.Reason, human.Absent)} {
				row = append(row, render.Text(text))
			}
		}
		t.Add(row...)
	}
	return t
}

type alertListOptions struct {
	states     []alert.State
	severities []alert.Severity
	since      string
	limit      int
	all        bool
}

func newAlertListCmd(a *app) *cobra.Command {
	var o alertListOptions
	cmd := &cobra.Command{
		Use:        "list",
		Aliases:    []string{"ls"},
		SuggestFor: []string{"get", "open", "history"},
		Short:      "List alerts, newest first; without --state and --since, those that are open",
		Example: `  schedctl alert list
  schedctl alert list --since 7d --severity critical
  schedctl alert list --state resolved -o wide`,
		Args:              none,
		ValidArgsFunction: noFiles,
		RunE:              a.action(func(cmd *cobra.Command, _ []string) error { return runAlertList(cmd.Context(), a, o) }),
	}
	f := cmd.Flags()
	enumsVar(cmd, &o.states, "state", "only those in one of these states", alert.States()...)
	enumsVar(cmd, &o.severities, "severity", "only those so bad", alert.Severities()...)
	f.StringVar(&o.since, "since", "", "fired at or after TIME, such as 3d or 'yesterday'")
	f.IntVarP(&o.limit, "limit", "n", pageSize, "list at most so many")
	f.BoolVar(&o.all, "all", false, "list all of them")
	listsOf(a, cmd, a.alertTable)
	return cmd
}

func runAlertList(ctx context.Context, a *app, o alertListOptions) error {
	err := checkLimit(o.limit)
	if err != nil {
		return err
	}
	q := client.AlertQuery{States: words(o.states), Severities: words(o.severities)}
	if q.Since, err = a.past("since", o.since); err != nil {
		return err
	}
	if len(o.states) == 0 && o.since == "" {
		q.States = openStates()
	}
	c, err := a.connect()
	if err != nil {
		return err
	}
	page, err := collect(o.limit, o.all, func(cursor string, limit int) (client.Page[api.Alert], error) {
		q.Cursor, q.Limit = cursor, limit
		return c.Alerts(ctx, q)
	})
	if err != nil {
		return err
	}
	if err := printList(a, listing[api.Alert]{
		Items: page.Items, Total: page.Total, Next: page.NextCursor,
		Name:  func(one api.Alert) string { return one.ID },
		Table: a.alertTable,
		None:  "No alerts found.",
	}); err != nil {
		return err
	}
	if page.NextCursor != "" {
		a.footer("the newest %d; --all lists the rest", len(page.Items))
	}
	return nil
}

func newAlertShowCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:               "show ALERT",
		SuggestFor:        []string{"get", "describe"},
		Short:             "Show an alert and what became of it",
		Example:           "  schedctl alert show a17",
		Args:              exactly("ALERT"),
		ValidArgsFunction: completeAlerts(a, 1),
		RunE: a.calling(func(ctx context.Context, c *client.Client, args []string) error {
			one, err := c.Alert(ctx, args[0])
			if err != nil {
				return err
			}
			return printOne(a, one, one.ID, func() error { return a.showAlert(&one) })
		}),
	}
}

func (a *app) showAlert(one *api.Alert) error {
	a.say("%s  %s, %s since %s", one.ID, one.Severity, one.State, a.when(&one.FiredAt))
	a.say("  %-10s %s", "what", aboutAlert(one))
	a.say("  %-10s %s: %s %s", "rule", one.Rule, one.Metric, one.Says)
	a.say("  %-10s %s", "told", or(strings.Join(one.Told, ", "), "nobody"))
	if one.PlatformID != nil {
		a.say("  %-10s %s", "platform", *one.PlatformID)
	}
	a.say("")
	table := render.NewTable("WHEN", "STATE", "BY", "UNTIL", "+REASON")
	for i := range one.Turns {
		t := &one.Turns[i]
		table.AddText(a.when(&t.At), t.State, t.By, a.when(t.Until), or(t.Reason, human.Absent))
	}
	return a.printTable(table)
}
