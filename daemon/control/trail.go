package control

import (
	"context"

	"github.com/agentic-sdlc/scheduler/store"
)

// trail returns the context under which a call changes things: the store records that it
// did, in the transaction of the change. Actions are KIND.WHAT-WAS-DONE.
func (c Call) trail(ctx context.Context, action string) context.Context {
	via := c.Principal.Via
	if c.Principal.Token != "" {
		via = "token " + c.Principal.Token
	}
	return store.WithTrail(ctx, &store.Trail{
		At: c.Now, Action: action, By: c.Principal.Name, Via: via, Reason: c.Reason, RequestID: c.RequestID, TraceID: first(c.TraceID, c.Trace),
	})
}
