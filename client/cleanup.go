package client

import (
	"context"
	"net/http"

	"github.com/agentic-sdlc/scheduler/api"
)

// Cleanup removes old history of the client's platform, or of all. A call does a bounded
// part: ask again while the answer says More.
func (c *Client) Cleanup(ctx context.Context, in api.Cleanup) (api.Cleaned, error) {
	return send[api.Cleaned](ctx, c, http.MethodPost, api.RouteCleanup, in, Write{})
}
