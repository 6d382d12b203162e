package cli

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/agentic-sdlc/scheduler/api"
)

func newWhoamiCmd(a *app) *cobra.Command {
	return in(groupOperations, &cobra.Command{
		Use:               "whoami",
		SuggestFor:        []string{"id", "me"},
		Short:             "Say who you are to schedd, and what you may do",
		Example:           "  schedctl whoami\n  schedctl whoami --server https://sched.example.org:7070",
		Args:              none,
		ValidArgsFunction: noFiles,
		RunE:              a.action(func(cmd *cobra.Command, _ []string) error { return runWhoami(cmd.Context(), a) }),
	})
}

func runWhoami(ctx context.Context, a *app) error {
	c, err := a.connect()
	if err != nil {
		return err
	}
	w, err := c.Whoami(ctx)
	if err != nil {
		return err
	}
	return printOne(a, w, w.Name, func() error {
		a.say("%s: %s of %s at %s", w.Name, w.Role, reachOf(&w), c.Server())
		if w.ExpiresAt != nil {
			a.say("token %s, expires %s", w.TokenID, w.ExpiresAt.In(a.g.zone).Format(time.DateOnly))
		}
		if !w.Commands {
			a.note("you may use the handlers that the configuration names, not commands of your own")
		}
		return nil
	})
}

// reachOf is where somebody may do what the role allows.
func reachOf(w *api.Whoami) string {
	if w.PlatformID != nil && *w.PlatformID == "*" {
		return "all platforms"
	}
	return "platform " + platformOf(w.PlatformID)
}
