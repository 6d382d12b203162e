package cli

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/client"
	"github.com/agentic-sdlc/scheduler/job"
)

type workerDrainOptions struct {
	reason  string
	wait    bool
	timeout time.Duration
}

func newWorkerDrainCmd(a *app) *cobra.Command {
	var o workerDrainOptions
	cmd := &cobra.Command{
		Use:        "drain WORKER...",
		SuggestFor: []string{"cordon", "stop", "pause"},
		Short:      "Let nodes finish what runs, and give them nothing new",
		Long: `Let nodes finish what runs, and give them nothing new. Other nodes take over what is
due. It lasts until "worker undrain", through restarts of the node.`,
		Example: `  schedctl worker drain node-a --reason 'kernel update'
  schedctl worker drain node-a --wait --wait-timeout 10m`,
		Args:              atLeast(1, "WORKER"),
		ValidArgsFunction: completeWorkers(a, 100),
		RunE: a.action(func(cmd *cobra.Command, args []string) error {
			if o.timeout > 0 && !o.wait {
				return usagef("--wait-timeout belongs to --wait")
			}
			return runWorkerDrain(cmd.Context(), a, args, o)
		}),
	}
	f := cmd.Flags()
	f.StringVar(&o.reason, "reason", "", "why; shown with the worker")
	f.BoolVar(&o.wait, "wait", false, "return when nothing runs there any more")
	durationVar(f, &o.timeout, "wait-timeout", "with --wait: give up after so long, with exit status 7")
	return cmd
}

func newWorkerUndrainCmd(a *app) *cobra.Command {
	var o workerDrainOptions
	cmd := &cobra.Command{
		Use:               "undrain WORKER...",
		SuggestFor:        []string{"uncordon", "resume", "start"},
		Short:             "Give drained nodes work again",
		Example:           "  schedctl worker undrain node-a",
		Args:              atLeast(1, "WORKER"),
		ValidArgsFunction: completeWorkers(a, 100),
		RunE: a.action(func(cmd *cobra.Command, args []string) error {
			return runWorkerUndrain(cmd.Context(), a, args, o)
		}),
	}
	cmd.Flags().StringVar(&o.reason, "reason", "", "why, for the audit log")
	return cmd
}

func runWorkerDrain(ctx context.Context, a *app, nodes []string, o workerDrainOptions) error {
	c, err := a.connect()
	if err != nil {
		return err
	}
	workers, err := a.eachWorker(ctx, c, nodes, func(before api.Worker) error {
		w, err := c.Drain(ctx, before.Node, api.Drain{Reason: o.reason})
		if err != nil || a.structured() {
			return err
		}
		return printOne(a, w, w.Node, func() error {
			if before.Draining {
				a.say("%s drains already: %d running", w.Node, w.Running)
			} else {
				a.say("%s draining: %d running, no new work", w.Node, w.Running)
			}
			return nil
		})
	})
	if err != nil {
		return err
	}
	if o.wait {
		return a.awaitIdle(ctx, c, workers, o.timeout)
	}
	if !a.structured() {
		a.hint("follow with %q", "schedctl worker list -w")
	}
	return a.printWorkers(ctx, c, workers)
}

func runWorkerUndrain(ctx context.Context, a *app, nodes []string, o workerDrainOptions) error {
	c, err := a.connect()
	if err != nil {
		return err
	}
	workers, err := a.eachWorker(ctx, c, nodes, func(before api.Worker) error {
		w, err := c.Undrain(ctx, before.Node, api.Drain{Reason: o.reason})
		if err != nil || a.structured() {
			return err
		}
		return printOne(a, w, w.Node, func() error {
			if before.Draining {
				a.say("%s takes work again", w.Node)
			} else {
				a.say("%s is not drained", w.Node)
			}
			return nil
		})
	})
	if err != nil {
		return err
	}
	return a.printWorkers(ctx, c, workers)
}

// eachWorker does something to several nodes and returns the names of those where it
// worked.
func (a *app) eachWorker(ctx context.Context, c *client.Client, nodes []string, do func(before api.Worker) error) (done []string, err error) {
	err = a.each(ctx, nodes, func(node string) error {
		before, err := c.Worker(ctx, node)
		if err == nil {
			err = do(before)
		}
		if err == nil {
			done = append(done, node)
		}
		return err
	})
	return done, err
}

// printWorkers prints nodes for programs: the one that was named, or the list.
func (a *app) printWorkers(ctx context.Context, c *client.Client, nodes []string) error {
	if !a.structured() {
		return nil
	}
	var workers []api.Worker
	for _, node := range nodes {
		w, err := c.Worker(ctx, node)
		if err != nil {
			return err
		}
		workers = append(workers, w)
	}
	if len(workers) == 1 {
		return a.printStructured(workers[0])
	}
	return printList(a, workerListing(a, workers))
}

// idlePoll is how often nodes are asked whether they are idle.
const idlePoll = 500 * time.Millisecond

// awaitIdle waits until nothing runs on draining nodes: each has said so in a heartbeat
// since it was drained, or is gone.
func (a *app) awaitIdle(ctx context.Context, c *client.Client, nodes []string, limit time.Duration) error {
	deadline := a.env.Now().Add(limit)
	for _, node := range nodes {
		for {
			w, err := c.Worker(ctx, node)
			if err != nil {
				return err
			}
			if idle(&w) {
				if !a.structured() && !a.namesOnly() {
					a.say("%s idle", node)
				}
				break
			}
			if !w.Draining {
				return job.Errorf(job.Conflict, "%s was undrained meanwhile", node)
			}
			if limit > 0 && a.env.Now().After(deadline) {
				return job.Errorf(job.Timeout, "%d still running on %s", w.Running, node).WithHint("it drains on; see %q", "schedctl ps")
			}
			if !sleep(ctx, idlePoll) {
				return ctx.Err()
			}
		}
	}
	return a.printWorkers(ctx, c, nodes)
}

// idle reports whether nothing runs on a node that drains.
func idle(w *api.Worker) bool {
	if w.State == api.WorkerStopped || w.State == api.WorkerLost {
		return true
	}
	return w.Draining && w.Running == 0 && w.DrainedAt != nil && w.HeartbeatAt.After(*w.DrainedAt)
}
