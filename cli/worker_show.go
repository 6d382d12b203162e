package cli

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/cli/human"
	"github.com/agentic-sdlc/scheduler/cli/render"
)

func newWorkerShowCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:               "show WORKER",
		SuggestFor:        []string{"get", "describe"},
		Short:             "Show a node: what it does, how busy it is, whether it drains",
		Example:           "  schedctl worker show node-a",
		Args:              exactly("WORKER"),
		ValidArgsFunction: completeWorkers(a, 1),
		RunE: a.action(func(cmd *cobra.Command, args []string) error {
			return runWorkerShow(cmd.Context(), a, args[0])
		}),
	}
}

func runWorkerShow(ctx context.Context, a *app, node string) error {
	c, err := a.connect()
	if err != nil {
		return err
	}
	w, err := c.Worker(ctx, node)
	if err != nil {
		return err
	}
	return printOne(a, w, w.Node, func() error { return a.showWorker(&w) })
}

func (a *app) showWorker(w *api.Worker) error {
	_, _ = io.WriteString(a.out, render.Clean(w.Node)+"  "+a.painted(a.workerState(w))+"\n")
	load := human.Absent
	if w.Slots > 0 {
		load = fmt.Sprintf("%s, at most %s at once", busy(w), human.Plural(w.Commands, "command"))
	}
	lease := a.when(&w.LeaseUntil)
	if w.StoppedAt != nil {
		lease = human.Absent
	}
	for _, row := range [][2]string{
		{"version", w.Version},
		{"roles", rolesOf(w)},
		{"running", load},
		{"handlers", or(strings.Join(w.Handlers, " "), human.Absent)},
		{"started", a.when(&w.StartedAt)},
		{"heartbeat", a.when(&w.HeartbeatAt)},
		{"lease", lease},
		{"stopped", a.when(w.StoppedAt)},
		{"drained", a.drained(w)},
	} {
		if row[1] != "" && row[1] != human.Absent {
			a.fact(10, row[0], row[1])
		}
	}
	return nil
}

// drained says since when a node takes no new work, and why.
func (a *app) drained(w *api.Worker) string {
	if !w.Draining {
		return ""
	}
	text := "since " + a.when(w.DrainedAt)
	if w.DrainedBy != "" {
		text += " by " + w.DrainedBy
	}
	if w.DrainReason != "" {
		text += ": " + w.DrainReason
	}
	return text
}
