package cli

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/cli/human"
	"github.com/agentic-sdlc/scheduler/cli/render"
	"github.com/agentic-sdlc/scheduler/job"
)

type healthOptions struct {
	component string
	format    string
	watch     time.Duration
}

func newHealthCmd(a *app) *cobra.Command {
	var o healthOptions
	cmd := &cobra.Command{
		Use:               "health",
		Short:             "Say how the daemon is; exit 0 healthy, 8 degraded, 1 unhealthy",
		Example:           "  schedctl health\n  schedctl health --format nagios",
		GroupID:           groupOperations,
		Args:              none,
		ValidArgsFunction: noFiles,
		RunE: a.action(func(cmd *cobra.Command, _ []string) error {
			return a.watched(cmd.Context(), o.watch, func(ctx context.Context) error { return runHealth(ctx, a, o) })
		}),
	}
	watchFlag(cmd, &o.watch)
	cmd.Flags().StringVar(&o.component, "component", "", "only this component")
	_ = cmd.RegisterFlagCompletionFunc("component", cobra.FixedCompletions([]string{"scheduler", "database", "queue", "workers", "alerts", "disk", "logs"}, noFileComp))
	enumVar(cmd, &o.format, "format", "another format", "nagios")
	return cmd
}

// healthStatuses are the exit statuses of each state, ours and those of Nagios.
var healthStatuses = map[string]struct {
	status, nagios int
	word           string
}{
	"healthy": {exitOK, 0, "OK"}, "degraded": {exitDegraded, 1, "WARNING"}, "unhealthy": {exitFailed, 2, "CRITICAL"},
	"up": {exitOK, 0, "OK"}, "down": {exitFailed, 2, "CRITICAL"},
}

func runHealth(ctx context.Context, a *app, o healthOptions) error {
	c, err := a.connect()
	if err != nil {
		return err
	}
	h, err := c.Health(ctx)
	if err != nil && o.format == "nagios" {
		a.say("SCHEDD UNKNOWN - %s", err)
		return exitWith(3)
	}
	if err != nil {
		return err
	}
	state := h.Status
	if o.component != "" {
		part, ok := h.Components[o.component]
		if !ok {
			return job.Errorf(job.NotFound, "no component %q", o.component).WithHint("%s", strings.Join(componentNames(h), ", "))
		}
		state = part.Status
		h.Components = map[string]api.Component{o.component: part}
		h.Issues = slices.DeleteFunc(h.Issues, func(i api.Issue) bool { return i.Component != o.component })
	}
	verdict, known := healthStatuses[state]
	if !known {
		return job.Errorf(job.Internal, "schedd says it is %q, which means nothing to this schedctl", state)
	}
	if o.format == "nagios" {
		a.say("SCHEDD %s - %s, up %s|uptime=%ds", verdict.word, healthGist(h, state), human.Distance(uptime(h)), h.UptimeSeconds)
		return exitWith(verdict.nagios)
	}
	if err := printOne(a, h, state, func() error { return a.showHealth(h) }); err != nil {
		return err
	}
	return exitWith(verdict.status)
}

func uptime(h api.Health) time.Duration { return time.Duration(h.UptimeSeconds) * time.Second }

// healthGist is the state with its first issue.
func healthGist(h api.Health, state string) string {
	if len(h.Issues) == 0 {
		return state
	}
	return state + ": " + h.Issues[0].Component + ": " + h.Issues[0].Message
}

// componentNames lists components, the usual ones first.
func componentNames(h api.Health) []string {
	usual := []string{"scheduler", "database", "queue", "workers"}
	var names, others []string
	for name := range h.Components {
		if !slices.Contains(usual, name) {
			others = append(others, name)
		}
	}
	for _, name := range usual {
		if _, ok := h.Components[name]; ok {
			names = append(names, name)
		}
	}
	slices.Sort(others)
	return append(names, others...)
}

func (a *app) showHealth(h api.Health) error {
	style := map[string]render.Style{"healthy": render.Green, "degraded": render.Yellow, "unhealthy": render.Red}[h.Status]
	_, _ = io.WriteString(a.out, a.painted(render.Cell{Text: h.Status, Style: style})+"  up "+human.Distance(uptime(h))+"\n")
	t := render.NewTable("COMPONENT", "STATUS", "LATENCY", "+DETAIL")
	for _, name := range componentNames(h) {
		part := h.Components[name]
		latency, detail := human.Absent, part.Message
		if part.LatencyMS != nil {
			latency = fmt.Sprintf("%.1f ms", *part.LatencyMS)
		}
		if part.ActiveCount != nil {
			detail = strings.TrimSuffix(fmt.Sprintf("%d active, %s", *part.ActiveCount, detail), ", ")
		}
		state := render.Cell{Text: part.Status, Style: render.Green}
		if part.Status != "up" {
			state.Style = render.Red
		}
		t.Add(render.Text(name), state, render.Text(latency), render.Text(detail))
	}
	if t.Len() > 0 {
		if err := a.printTable(t); err != nil {
			return err
		}
	}
	for _, i := range h.Issues {
		a.say("%-8s %s  %s, since %s  %s", i.Severity, i.Component, i.Message, a.when(&i.Since), i.Fix)
	}
	return nil
}
