package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/agentic-sdlc/scheduler/alert"
	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/client"
)

func newAlertAckCmd(a *app) *cobra.Command {
	return a.quietAlert(&cobra.Command{
		Use:        "ack ALERT...",
		Aliases:    []string{"acknowledge"},
		SuggestFor: []string{"accept", "take"},
		Short:      "Say that somebody is at an alert",
		Long: `Say that somebody is at an alert, until it is resolved, or as long as --for says: then it
fires again, and everybody is told. Those who were told of it hear when it is resolved.`,
		Example: "  schedctl alert ack a17 --for 1h --reason 'vendor outage'",
	}, (*client.Client).AcknowledgeAlert)
}

func newAlertSilenceCmd(a *app) *cobra.Command {
	return a.quietAlert(&cobra.Command{
		Use:        "silence ALERT...",
		Aliases:    []string{"mute"},
		SuggestFor: []string{"snooze", "quiet"},
		Short:      "Keep an alert from telling anybody",
		Long: `Keep an alert from telling anybody, not even that it is resolved, as long as --for says.
Until then, alerts of the same rule about the same job are silent too. To be told nothing of
a rule at all, disable it: schedctl alert rule disable RULE.`,
		Example: "  schedctl alert silence a17 --for 8h --reason 'known, fixed tomorrow'",
	}, (*client.Client).SilenceAlert)
}

// quietAlert completes a command that keeps alerts quiet for a while.
func (a *app) quietAlert(cmd *cobra.Command, do func(c *client.Client, ctx context.Context, id string, in api.Stop) (api.Alert, error)) *cobra.Command {
	var o stopFlags
	cmd.Args, cmd.ValidArgsFunction = atLeast(1, "ALERT"), completeAlerts(a, 0)
	cmd.RunE = a.action(func(cmd *cobra.Command, args []string) error {
		in, err := o.stop(a, cmd)
		if err != nil {
			return err
		}
		return a.turnAlerts(cmd.Context(), args, func(c *client.Client, id string) (api.Alert, error) { return do(c, cmd.Context(), id, in) })
	})
	o.declare(cmd)
	return cmd
}

func newAlertUnsilenceCmd(a *app) *cobra.Command {
	return a.loudAlert(&cobra.Command{
		Use:        "unsilence ALERT...",
		Aliases:    []string{"unack", "unmute"},
		SuggestFor: []string{"reopen", "fire"},
		Short:      "Take a silence or an acknowledgement back: the alert fires",
		Example:    "  schedctl alert unsilence a17",
	}, (*client.Client).UnsilenceAlert)
}

func newAlertResolveCmd(a *app) *cobra.Command {
	return a.loudAlert(&cobra.Command{
		Use:        "resolve ALERT...",
		SuggestFor: []string{"close", "end", "clear"},
		Short:      "End an alert; it fires anew when its cause is still there",
		Example:    "  schedctl alert resolve a17 --reason 'ran by hand'",
	}, (*client.Client).ResolveAlert)
}

// loudAlert completes a command that turns alerts for good.
func (a *app) loudAlert(cmd *cobra.Command, do func(c *client.Client, ctx context.Context, id string, in api.AlertReason) (api.Alert, error)) *cobra.Command {
	var in api.AlertReason
	cmd.Args, cmd.ValidArgsFunction = atLeast(1, "ALERT"), completeAlerts(a, 0)
	cmd.RunE = a.action(func(cmd *cobra.Command, args []string) error {
		return a.turnAlerts(cmd.Context(), args, func(c *client.Client, id string) (api.Alert, error) { return do(c, cmd.Context(), id, in) })
	})
	cmd.Flags().StringVar(&in.Reason, "reason", "", "why, for the alert and the audit log")
	return cmd
}

// turnAlerts turns alerts one after the other, and says what they are then.
func (a *app) turnAlerts(ctx context.Context, ids []string, turn func(c *client.Client, id string) (api.Alert, error)) error {
	c, err := a.connect()
	if err != nil {
		return err
	}
	return a.each(ctx, ids, func(id string) error {
		one, err := turn(c, id)
		if err != nil {
			return err
		}
		return printOne(a, one, one.ID, func() error {
			verb := one.State
			if one.State == string(alert.Firing) {
				verb = "fires"
			}
			a.say("alert %s %s%s", one.ID, verb, a.ending(one.Until))
			return nil
		})
	})
}
