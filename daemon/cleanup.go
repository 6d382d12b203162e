package daemon

import (
	"context"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/daemon/control"
	"github.com/agentic-sdlc/scheduler/daemon/events"
	"github.com/agentic-sdlc/scheduler/handler"
	"github.com/agentic-sdlc/scheduler/handler/cleanup"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// cleanupOptions are for whoever asks for retention at once: what the engine does by
// itself, and events as their own component forgets them.
func (n *node) cleanupOptions() control.CleanupOptions {
	return control.CleanupOptions{
		Retention: func() store.Retention {
			r := n.engine.Retention()
			r.Events = events.Keep
			return r
		},
		LogCaps: n.logCaps(),
	}
}

func (n *node) logCaps() store.LogCaps {
	return store.LogCaps{Job: int64(n.cfg.Limits.LogJobBytes), Total: int64(n.cfg.Limits.LogTotalBytes)}
}

// addCleanup registers what removes old history as a job.
func (n *node) addCleanup() error {
	return n.handlers.Register(handler.Info{
		Name: "cleanup-old-data", Type: job.HandlerFunction, Kind: "builtin", Description: "remove old executions, events and one-time jobs",
	}, cleanup.New(n.clean))
}

// clean removes history of a platform for a job of it.
func (n *node) clean(ctx context.Context, platform string, ask cleanup.Ask) (gone cleanup.Sums, more bool, err error) {
	rule, kinds := store.Retention{KeepLast: n.control.Retention().KeepLast}, []string{api.CleanupExecutions, api.CleanupEvents, api.CleanupJobs}
	if ask.Executions {
		rule = n.control.Retention()
		if ask.Success > 0 {
			rule.Success = ask.Success
		}
		if ask.Failed > 0 {
			rule.Failed = ask.Failed
		}
	}
	rule.OneTime, rule.Events = ask.OneTimeJobs, ask.Events
	call := control.Call{Now: n.clock.Now(), Principal: control.Principal{Name: "cleanup-old-data", Role: control.RoleOperator, Platform: platform}}
	done, err := n.control.Clean(ctx, call, rule, kinds, ask.DryRun)
	return cleanup.Sums{Executions: done.Executions, DeadLetters: done.DeadLetters, Events: done.Events, Jobs: done.Jobs}, done.More, err
}
