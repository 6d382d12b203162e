package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/cli/human"
	"github.com/agentic-sdlc/scheduler/client"
)

func newMaintenanceCmd(a *app) *cobra.Command {
	return in(groupOperations, group(a, &cobra.Command{
		Use:   "maintenance",
		Short: "Stop planning and starting everywhere, while the API stays up",
		Example: `  schedctl maintenance on --for 2h --reason 'new disks'
  schedctl maintenance off`,
	}, newMaintenanceOnCmd(a), newMaintenanceOffCmd(a), newMaintenanceStatusCmd(a)))
}

// stopFlags say for how long something is stopped, and why.
type stopFlags struct {
	until  string
	length time.Duration
	reason string
}

func (o *stopFlags) declare(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&o.until, "until", "", "end by itself at TIME, such as 'tomorrow 06:00'")
	durationVar(f, &o.length, "for", "end by itself after so long")
	f.StringVar(&o.reason, "reason", "", "why; shown to whoever asks")
}

// stop is the body of the request.
func (o *stopFlags) stop(a *app, cmd *cobra.Command) (api.Stop, error) {
	in := api.Stop{Reason: o.reason}
	if err := exclusive(cmd, "until", "for"); err != nil {
		return in, err
	}
	if cmd.Flags().Changed("for") {
		if o.length <= 0 {
			return in, usagef("--for must be longer than nothing")
		}
		in.For = o.length.String() // the daemon's clock counts
	}
	until, err := a.future("until", o.until)
	if err == nil && !until.IsZero() {
		in.Until = &until
	}
	return in, err
}

func newMaintenanceOnCmd(a *app) *cobra.Command {
	var o stopFlags
	cmd := &cobra.Command{
		Use:        "on",
		SuggestFor: []string{"start", "begin", "enable"},
		Short:      "Stop planning and starting on all nodes",
		Long: `Stop planning and starting on all nodes at once. What runs goes on, the API answers, and
runs that people ask for wait. When it ends, the misfire policy of each job decides over
the due times that passed. Said again, it changes how long and why.`,
		Example:           "  schedctl maintenance on --until 'tomorrow 06:00' --reason 'database upgrade'",
		Args:              none,
		ValidArgsFunction: noFiles,
		RunE: a.action(func(cmd *cobra.Command, _ []string) error {
			in, err := o.stop(a, cmd)
			if err != nil {
				return err
			}
			return runMaintenanceOn(cmd.Context(), a, in)
		}),
	}
	o.declare(cmd)
	return cmd
}

func runMaintenanceOn(ctx context.Context, a *app, in api.Stop) error {
	c, err := a.connect()
	if err != nil {
		return err
	}
	m, err := c.BeginMaintenance(ctx, in)
	if err != nil {
		return err
	}
	return printOne(a, m, "on", func() error {
		a.say("maintenance on%s: nothing is planned or started, what runs goes on", a.ending(m.Until))
		return nil
	})
}

// ending says when something ends by itself; "" = it does not.
func (a *app) ending(until *time.Time) string {
	if until == nil {
		return ""
	}
	return " until " + a.moment(*until)
}

func newMaintenanceOffCmd(a *app) *cobra.Command {
	var o stopFlags
	cmd := &cobra.Command{
		Use:               "off",
		SuggestFor:        []string{"stop", "end", "disable"},
		Short:             "Plan and start again",
		Example:           "  schedctl maintenance off",
		Args:              none,
		ValidArgsFunction: noFiles,
		RunE: a.action(func(cmd *cobra.Command, _ []string) error {
			return runMaintenanceOff(cmd.Context(), a, o.reason)
		}),
	}
	cmd.Flags().StringVar(&o.reason, "reason", "", "why, for the audit log")
	return cmd
}

func runMaintenanceOff(ctx context.Context, a *app, reason string) error {
	c, err := a.connect()
	if err != nil {
		return err
	}
	before, err := c.Maintenance(ctx)
	if err != nil {
		return err
	}
	if err := c.EndMaintenance(ctx, client.Write{Reason: reason}); err != nil {
		return err
	}
	return printOne(a, api.Maintenance{}, "off", func() error {
		if !before.On {
			a.say("maintenance is off already")
			return nil
		}
		a.say("maintenance off after %s: each job's misfire policy decides over the due times that passed", human.Distance(a.env.Now().Sub(*before.Since)))
		return nil
	})
}

func newMaintenanceStatusCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:               "status",
		SuggestFor:        []string{"show", "get"},
		Short:             "Say whether it is on, since when and why",
		Example:           "  schedctl maintenance status -o name",
		Args:              none,
		ValidArgsFunction: noFiles,
		RunE: a.action(func(cmd *cobra.Command, _ []string) error {
			return runMaintenanceStatus(cmd.Context(), a)
		}),
	}
}

func runMaintenanceStatus(ctx context.Context, a *app) error {
	c, err := a.connect()
	if err != nil {
		return err
	}
	m, err := c.Maintenance(ctx)
	if err != nil {
		return err
	}
	word := "off"
	if m.On {
		word = "on"
	}
	return printOne(a, m, word, func() error {
		if m.On {
			a.say("maintenance on since %s%s", a.moment(*m.Since), said(a.ending(m.Until), m.By, m.Reason))
		} else {
			a.say("maintenance off")
		}
		return nil
	})
}

// said adds who stopped something, and why, to a sentence.
func said(text, by, reason string) string {
	if by != "" {
		text += ", by " + by
	}
	if reason != "" {
		text += fmt.Sprintf(": %s", reason)
	}
	return text
}
