package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/client"
)

func newQueuePauseCmd(a *app) *cobra.Command {
	var o stopFlags
	cmd := &cobra.Command{
		Use:        "pause",
		SuggestFor: []string{"stop", "hold"},
		Short:      "Start nothing on a platform, or on all of them",
		Long: `Start nothing on the platform of --platform, or on all of them without it. Jobs are
planned and recorded all the same: their executions wait. What runs goes on. Said again,
it changes how long and why.`,
		Example: `  schedctl queue pause --platform web --for 30m --reason 'mail relay down'
  schedctl queue pause`,
		Args:              none,
		ValidArgsFunction: noFiles,
		RunE: a.action(func(cmd *cobra.Command, _ []string) error {
			in, err := o.stop(a, cmd)
			if err != nil {
				return err
			}
			return runQueuePause(cmd.Context(), a, in)
		}),
	}
	o.declare(cmd)
	return cmd
}

func runQueuePause(ctx context.Context, a *app, in api.Stop) error {
	c, err := a.connect()
	if err != nil {
		return err
	}
	h, err := c.PauseQueue(ctx, in)
	if err != nil {
		return err
	}
	return printOne(a, h, or(h.Platform, "*"), func() error {
		a.say("dispatch paused on %s%s; what runs goes on", everyPlatform(h.Platform), a.ending(h.Until))
		return nil
	})
}

func newQueueResumeCmd(a *app) *cobra.Command {
	var o stopFlags
	cmd := &cobra.Command{
		Use:               "resume",
		SuggestFor:        []string{"start", "release", "continue"},
		Short:             "Start again what a pause kept from starting",
		Example:           "  schedctl queue resume --platform web\n  schedctl queue resume",
		Args:              none,
		ValidArgsFunction: noFiles,
		RunE: a.action(func(cmd *cobra.Command, _ []string) error {
			return runQueueResume(cmd.Context(), a, o.reason)
		}),
	}
	cmd.Flags().StringVar(&o.reason, "reason", "", "why, for the audit log")
	return cmd
}

func runQueueResume(ctx context.Context, a *app, reason string) error {
	c, err := a.connect()
	if err != nil {
		return err
	}
	before, err := c.Queue(ctx)
	if err != nil {
		return err
	}
	if err := c.ResumeQueue(ctx, client.Write{Reason: reason}); err != nil {
		return err
	}
	after, err := c.Queue(ctx)
	if err != nil {
		return err
	}
	platform := a.g.platform
	if platform == "*" {
		platform = ""
	}
	return printOne(a, after, or(platform, "*"), func() error {
		if len(after.Holds) == len(before.Holds) {
			a.say("dispatch is not paused on %s", everyPlatform(platform))
		} else {
			a.say("dispatch resumed on %s", everyPlatform(platform))
		}
		for i := range after.Holds {
			a.note("%s", a.stopped(&after.Holds[i]))
		}
		return nil
	})
}
