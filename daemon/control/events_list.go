package control

import (
	"context"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// ReceivedFilter selects events that came in, ReceivedPage is a page of them.
type (
	ReceivedFilter = store.EventFilter
	ReceivedPage   = store.Page[api.EventReceived]
)

// ListEvents returns one page of the events that came in, the newest first.
func (s *Service) ListEvents(ctx context.Context, c Call, f ReceivedFilter) (out ReceivedPage, err error) {
	for _, name := range f.Names {
		if fault := job.EventNameFault(name, false); fault != "" {
			return out, fieldError("event", "pattern", "%s", fault)
		}
	}
	if f.Platform, err = c.scope(); err != nil {
		return out, err
	}
	page, err := s.store.ListEvents(ctx, f)
	if err != nil {
		return out, err
	}
	out = ReceivedPage{Items: make([]api.EventReceived, len(page.Items)), Next: page.Next, Total: page.Total}
	for i := range page.Items {
		e := &page.Items[i]
		out.Items[i] = api.EventReceived{
			ID: e.ID, Event: e.Name, Data: e.Data, DataBytes: e.Bytes, PlatformID: platformID(e.Platform), AcceptedAt: e.At, Decided: !e.Waiting, Depth: e.Depth,
		}
		if !e.ExecutionID.IsZero() {
			out.Items[i].ExecutionID = &e.ExecutionID
		}
	}
	return out, nil
}
