package client

import (
	"context"
	"net/http"

	"github.com/agentic-sdlc/scheduler/api"
)

// Platforms lists the platforms that the caller reaches, by name; deleted ones when asked.
func (c *Client) Platforms(ctx context.Context, deleted bool) ([]api.Platform, error) {
	v := values{}
	v.flag("deleted", deleted)
	return get[[]api.Platform](ctx, c, api.RoutePlatforms, v.url())
}

// Platform returns one platform with what it has now; not_found when there is none of that
// name.
func (c *Client) Platform(ctx context.Context, name string) (api.Platform, error) {
	return get[api.Platform](ctx, c, path(api.RoutePlatformOfAll, name), nil)
}

// CreatePlatform registers a platform, or takes a deleted one into use again. conflict when
// it is registered.
func (c *Client) CreatePlatform(ctx context.Context, in api.PlatformInput, w Write) (api.Platform, error) {
	return send[api.Platform](ctx, c, http.MethodPost, api.RoutePlatforms, limits(in), w)
}

// ChangePlatform changes the fields that in has; those that in.Null names are lifted.
func (c *Client) ChangePlatform(ctx context.Context, name string, in api.PlatformInput, w Write) (api.Platform, error) {
	return send[api.Platform](ctx, c, http.MethodPatch, path(api.RoutePlatformOfAll, name), limits(in), w)
}

// DeletePlatform takes a platform out of use, and revokes its tokens. conflict while it has
// jobs that have not ended.
func (c *Client) DeletePlatform(ctx context.Context, name string, w Write) error {
	return c.tell(ctx, http.MethodDelete, path(api.RoutePlatformOfAll, name), nil, nil, w)
}

// limits is a PlatformInput whose Null fields are written as null.
type limits api.PlatformInput

// MarshalJSON adds the nulls.
func (l limits) MarshalJSON() ([]byte, error) { return withNulls(api.PlatformInput(l), l.Null) }
