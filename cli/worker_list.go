package cli

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/cli/human"
	"github.com/agentic-sdlc/scheduler/cli/render"
)

type workerListOptions struct {
	states []string
	watch  time.Duration
}

func newWorkerListCmd(a *app) *cobra.Command {
	var o workerListOptions
	cmd := &cobra.Command{
		Use:        "list",
		Aliases:    []string{"ls"},
		SuggestFor: []string{"get", "status"},
		Short:      "List the nodes of the last day",
		Example: `  schedctl worker list
  schedctl worker list --state draining -w`,
		Args:              none,
		ValidArgsFunction: noFiles,
		RunE: a.action(func(cmd *cobra.Command, _ []string) error {
			return a.watched(cmd.Context(), o.watch, func(ctx context.Context) error { return runWorkerList(ctx, a, o) })
		}),
	}
	enumsVar(cmd, &o.states, "state", "only these states", api.WorkerStates()...)
	watchFlag(cmd, &o.watch)
	listsOf(a, cmd, a.workerTable)
	return cmd
}

func runWorkerList(ctx context.Context, a *app, o workerListOptions) error {
	c, err := a.connect()
	if err != nil {
		return err
	}
	workers, err := c.Workers(ctx)
	if err != nil {
		return err
	}
	if len(o.states) > 0 {
		workers = slices.DeleteFunc(workers, func(w api.Worker) bool { return !slices.Contains(o.states, w.State) })
	}
	return printList(a, workerListing(a, workers))
}

func workerListing(a *app, workers []api.Worker) listing[api.Worker] {
	return listing[api.Worker]{
		Items: workers, Total: int64(len(workers)),
		Name:  func(w api.Worker) string { return w.Node },
		Table: func(workers []api.Worker, wide bool) *render.Table { return a.workerTable(workers, wide) },
		None:  "No workers found.",
	}
}

func (a *app) workerTable(workers []api.Worker, wide bool) *render.Table {
	headers := []string{"WORKER=node", "STATE", "?ROLES", ">RUNNING", "HEARTBEAT=heartbeat_at", "?STARTED=started_at", "?VERSION", "~REASON=drain_reason"}
	if wide {
		headers = append(headers, ">COMMANDS", ">HANDLERS", "DRAINED=drained_at", "BY=drained_by", "LEASE UNTIL")
	}
	t := render.NewTable(headers...)
	for i := range workers {
		w := &workers[i]
		row := []render.Cell{
			render.Text(w.Node), a.workerState(w), render.Text(rolesOf(w)), render.Text(busy(w)), render.Text(a.when(&w.HeartbeatAt)),
			render.Text(a.when(&w.StartedAt)), render.Text(or(w.Version, human.Absent)), render.Text(or(w.DrainReason, human.Absent)),
		}
		if wide {
			for _, text := range []string{
				strconv.Itoa(w.Commands), strconv.Itoa(len(w.Handlers)), a.when(w.DrainedAt), or(w.DrainedBy, human.Absent), a.when(&w.LeaseUntil),
			} {
				row = append(row, render.Text(text))
			}
		}
		t.Add(row...)
	}
	return t
}
