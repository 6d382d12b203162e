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

func newPlatformCmd(a *app) *cobra.Command {
	return in(groupOperations, group(a, &cobra.Command{
		Use:        "platform",
		Aliases:    []string{"platforms"},
		SuggestFor: []string{"tenant", "namespace", "quota"},
		Short:      "Look after platforms, the tenants of the scheduler",
		Example:    "  schedctl platform create web --max-jobs 500 --max-running 8\n  schedctl platform list",
	}, newPlatformListCmd(a), newPlatformShowCmd(a), newPlatformCreateCmd(a), newPlatformSetCmd(a), newPlatformDeleteCmd(a)))
}

func newPlatformListCmd(a *app) *cobra.Command {
	var deleted bool
	cmd := allOf(a, &cobra.Command{
		Use:        "list",
		Aliases:    []string{"ls"},
		SuggestFor: []string{"get"},
		Short:      "List platforms with their limits",
		Example:    "  schedctl platform list\n  schedctl platform list --deleted -o wide",
	}, func(ctx context.Context, c *client.Client) ([]api.Platform, error) { return c.Platforms(ctx, deleted) },
		listing[api.Platform]{Name: func(p api.Platform) string { return p.ID }, Table: a.platformTable, None: "No platforms found."})
	cmd.Flags().BoolVar(&deleted, "deleted", false, "deleted ones too")
	return cmd
}

func (a *app) platformTable(platforms []api.Platform, wide bool) *render.Table {
	headers := []string{"PLATFORM", "MAX JOBS", "MAX RUNNING", "?EVENTS/S", "?CREATES/MIN", "~HANDLERS"}
	if wide {
		headers = append(headers, "CREATED", "CHANGED", "DELETED", "~DESCRIPTION")
	}
	t := render.NewTable(headers...)
	for i := range platforms {
		p := &platforms[i]
		cells := []string{p.ID, limitText(p.MaxJobs), limitText(p.MaxRunning), limitText(p.EventsPerSecond), limitText(p.CreatesPerMinute), handlersText(p.AllowedHandlers)}
		if wide {
			cells = append(cells, a.when(p.CreatedAt), a.when(p.UpdatedAt), a.when(p.DeletedAt), or(p.Description, human.Absent))
		}
		row := make([]render.Cell, len(cells))
		for n, text := range cells {
			row[n] = render.Text(text)
		}
		t.Add(row...)
	}
	return t
}

// noLimit is how a limit that there is not is written.
const noLimit = "none"

func limitText(n *int) string {
	if n == nil {
		return human.Absent
	}
	return strconv.Itoa(*n)
}

func handlersText(names *[]string) string {
	switch {
	case names == nil:
		return "all"
	case len(*names) == 0:
		return noLimit
	}
	return strings.Join(*names, ",")
}

func newPlatformShowCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:               "show PLATFORM",
		SuggestFor:        []string{"get", "describe"},
		Short:             "Show a platform, its limits, and how much of them it uses",
		Example:           "  schedctl platform show web",
		Args:              exactly("PLATFORM"),
		ValidArgsFunction: completePlatform(a),
		RunE: a.calling(func(ctx context.Context, c *client.Client, args []string) error {
			p, err := c.Platform(ctx, args[0])
			if err != nil {
				return err
			}
			return a.printPlatform(&p, "")
		}),
	}
}

// printPlatform prints a platform; did says in one word what became of it, "" = nothing.
func (a *app) printPlatform(p *api.Platform, did string) error {
	return printOne(a, *p, p.ID, func() error {
		if did != "" {
			a.say("platform %s %s", p.ID, did)
			return nil
		}
		a.say("%s", p.ID)
		used := func(of int64, limit *int) string {
			return strconv.FormatInt(of, 10) + " of " + or(limitOr(limit), "any number")
		}
		if u := p.Usage; u != nil {
			a.say("  %-12s %s", "jobs", used(u.Jobs, p.MaxJobs))
			a.say("  %-12s %s, %d waiting", "running", used(u.Running, p.MaxRunning), u.Waiting)
		}
		for _, row := range [][2]string{
			{"events", limitPer(p.EventsPerSecond, "a second")}, {"creates", limitPer(p.CreatesPerMinute, "a minute")}, {"handlers", handlersText(p.AllowedHandlers)},
			{"about", p.Description}, {"created", by(a.when(p.CreatedAt), p.CreatedBy)}, {"changed", by(a.when(p.UpdatedAt), p.UpdatedBy)},
		} {
			if row[1] != "" && row[1] != human.Absent {
				a.say("  %-12s %s", row[0], row[1])
			}
		}
		return nil
	})
}

func limitOr(n *int) string {
	if n == nil {
		return ""
	}
	return strconv.Itoa(*n)
}

func limitPer(n *int, unit string) string {
	if n == nil {
		return ""
	}
	return "at most " + strconv.Itoa(*n) + " " + unit
}

func by(when, who string) string {
	if when == human.Absent || who == "" {
		return when
	}
	return when + " by " + who
}

// completePlatform completes the one argument of a command.
func completePlatform(a *app) completer {
	return func(cmd *cobra.Command, args []string, prefix string) ([]string, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, noFileComp
		}
		return completePlatforms(a)(cmd, args, prefix)
	}
}

// completePlatforms completes the name of a platform.
func completePlatforms(a *app) completer {
	return func(_ *cobra.Command, _ []string, prefix string) ([]string, cobra.ShellCompDirective) {
		var words []string
		a.ask(func(ctx context.Context, c *client.Client) {
			platforms, _ := c.Platforms(ctx, false)
			for i := range platforms {
				if p := &platforms[i]; strings.HasPrefix(p.ID, prefix) {
					words = append(words, described(p.ID, p.Description))
				}
			}
		})
		return words, noFileComp
	}
}
