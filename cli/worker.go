package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/cli/human"
	"github.com/agentic-sdlc/scheduler/cli/render"
	"github.com/agentic-sdlc/scheduler/client"
)

func newWorkerCmd(a *app) *cobra.Command {
	return in(groupOperations, group(a, &cobra.Command{
		Use:        "worker",
		Aliases:    []string{"workers"},
		SuggestFor: []string{"node", "nodes"},
		Short:      "Look at the nodes that plan and run, and drain them",
		Example: `  schedctl worker list
  schedctl worker drain node-a --reason 'kernel update'`,
	}, newWorkerListCmd(a), newWorkerShowCmd(a), newWorkerDrainCmd(a), newWorkerUndrainCmd(a)))
}

// completeWorkers completes names of nodes, the first most of them.
func completeWorkers(a *app, most int) completer {
	return func(_ *cobra.Command, args []string, prefix string) ([]string, cobra.ShellCompDirective) {
		if len(args) >= most {
			return nil, noFileComp
		}
		var names []string
		a.ask(func(ctx context.Context, c *client.Client) {
			workers, _ := c.Workers(ctx)
			for i := range workers {
				if w := &workers[i]; strings.HasPrefix(w.Node, prefix) && !slices.Contains(args, w.Node) {
					names = append(names, described(w.Node, w.State))
				}
			}
		})
		return names, noFileComp
	}
}

var workerMarks = map[string]mark{
	api.WorkerActive:   {"●", "*", render.Green},
	api.WorkerDraining: {"‖", "=", render.Yellow},
	api.WorkerLost:     {"✗", "x", render.Red},
	api.WorkerStopped:  {"⊘", "-", render.Dim},
}

func (a *app) workerState(w *api.Worker) render.Cell { return a.marked(w.State, workerMarks[w.State]) }

// busy is "3/64": what runs of what could.
func busy(w *api.Worker) string {
	if w.Slots == 0 {
		return human.Absent
	}
	return fmt.Sprintf("%d/%d", w.Running, w.Slots)
}

// rolesOf are the roles of a node; one that told none is of an earlier release, and
// does everything.
func rolesOf(w *api.Worker) string { return or(strings.Join(w.Roles, ","), "all") }
