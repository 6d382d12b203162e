package client

import (
	"context"
	"net/http"
	"time"

	"github.com/agentic-sdlc/scheduler/api"
)

// EmitEvent sends an event: once it is answered, the event acts once for each event
// handler. rate_limited when the platform sends too many.
func (c *Client) EmitEvent(ctx context.Context, in api.EventInput, w Write) (api.EventAccepted, error) {
	return send[api.EventAccepted](ctx, c, http.MethodPost, api.RouteEvents, in, w)
}

// ReceivedQuery selects events that came in. Zero values do not restrict.
type ReceivedQuery struct {
	Names        []string // any of
	ID           string
	Since, Until time.Time
	Limit        int // at most 100; 0 = 50
	Cursor       string
}

// Events returns one page of the events that came in, the newest first.
func (c *Client) Events(ctx context.Context, q ReceivedQuery) (Page[api.EventReceived], error) {
	v := values{}
	v.list("event", q.Names)
	v.text("id", q.ID)
	v.time("since", q.Since)
	v.time("until", q.Until)
	v.number("limit", int64(q.Limit))
	v.text("cursor", q.Cursor)
	return page[api.EventReceived](ctx, c, api.RouteEvents, v.url())
}

// EventHandlers lists the event handlers of the client's platform, or of all, by name.
func (c *Client) EventHandlers(ctx context.Context) ([]api.EventHandler, error) {
	return get[[]api.EventHandler](ctx, c, api.RouteEventHandlers, nil)
}

// EventHandler returns one, with its newest acts.
func (c *Client) EventHandler(ctx context.Context, ref string) (api.EventHandler, error) {
	return get[api.EventHandler](ctx, c, path(api.RouteEventHandler, ref), nil)
}

// CreateEventHandler makes an event handler. conflict when there is one of that name.
func (c *Client) CreateEventHandler(ctx context.Context, in api.EventHandlerInput, w Write) (api.EventHandler, error) {
	return send[api.EventHandler](ctx, c, http.MethodPost, api.RouteEventHandlers, in, w)
}

// ChangeEventHandler changes the fields that are given.
func (c *Client) ChangeEventHandler(ctx context.Context, ref string, in api.EventHandlerInput, w Write) (api.EventHandler, error) {
	return send[api.EventHandler](ctx, c, http.MethodPatch, path(api.RouteEventHandler, ref), in, w)
}

// DeleteEventHandler removes an event handler with what waits for it.
func (c *Client) DeleteEventHandler(ctx context.Context, ref string, w Write) (api.EventHandler, error) {
	return send[api.EventHandler](ctx, c, http.MethodDelete, path(api.RouteEventHandler, ref), nil, w)
}

// TestEventHandler says what an event would make a handler do.
func (c *Client) TestEventHandler(ctx context.Context, ref string, in api.EventTest) (api.EventTested, error) {
	return send[api.EventTested](ctx, c, http.MethodPost, path(api.RouteEventHandlerTest, ref), in, Write{})
}
