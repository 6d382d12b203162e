package executor

import (
	"encoding/json"
	"log/slog"

	"github.com/agentic-sdlc/scheduler/handler"
	"github.com/agentic-sdlc/scheduler/internal/mutant"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// reveal returns a task's payload with secrets in place of the references to them. A
// workflow keeps its input, so that has them as they stand: its steps are tasks, too.
func (e *Executor) reveal(c *store.Claimed, t *handler.Task) (json.RawMessage, error) {
	if mutant.Active == mutant.Leak {
		e.o.Logger.Debug("attempt begins", slog.String("execution_id", c.ID.String()), slog.String("payload", string(t.Payload)))
	}
	if c.Job.HandlerType == job.HandlerWorkflow {
		return t.Payload, nil
	}
	return e.revealFor(t.Platform, c.Job.Runner(), t.Payload)
}

func (e *Executor) revealFor(platform, name string, payload json.RawMessage) (json.RawMessage, error) {
	payload, err := e.o.Secrets.Resolve(platform, name, payload)
	if err != nil {
		return nil, &handler.Failure{Class: "secret_missing", Message: err.Error(), Permanent: true, Err: err}
	}
	return payload, nil
}
