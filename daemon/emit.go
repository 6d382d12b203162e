package daemon

import (
	"context"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/daemon/control"
	"github.com/agentic-sdlc/scheduler/handler"
	"github.com/agentic-sdlc/scheduler/handler/emit"
	"github.com/agentic-sdlc/scheduler/job"
)

// addEmit registers what sends an event as a job.
func (n *node) addEmit() error {
	return n.handlers.Register(handler.Info{
		Name: "emit-event", Type: job.HandlerFunction, Kind: "builtin", Description: "send an event of the job's platform",
	}, emit.New(n.emit))
}

// emit sends an event for a run.
func (n *node) emit(ctx context.Context, e emit.Event) (duplicate bool, err error) {
	call := control.Call{Now: n.clock.Now(), Principal: control.Principal{Name: "emit-event", Role: control.RoleOperator, Platform: e.Platform}}
	in := &api.EventInput{Event: e.Name, Data: e.Data, ID: e.ID, ExecutionID: e.ExecutionID.String()}
	accepted, err := n.control.EmitEvent(ctx, call, in)
	return accepted.Duplicate, err
}
