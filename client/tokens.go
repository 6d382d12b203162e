package client

import (
	"context"
	"net/http"

	"github.com/agentic-sdlc/scheduler/api"
)

// Tokens lists the tokens of the client's platform, or of all, by name.
func (c *Client) Tokens(ctx context.Context) ([]api.Token, error) {
	return get[[]api.Token](ctx, c, api.RouteTokens, nil)
}

// CreateToken makes a token; its secret is in the answer and nowhere else. conflict when
// there is one of that name.
func (c *Client) CreateToken(ctx context.Context, in api.TokenInput) (api.NewToken, error) {
	return send[api.NewToken](ctx, c, http.MethodPost, api.RouteTokens, in, Write{})
}

// RotateToken ends a token and makes one of the same name. conflict when it is revoked.
func (c *Client) RotateToken(ctx context.Context, ref string, in api.TokenRotation) (api.NewToken, error) {
	return send[api.NewToken](ctx, c, http.MethodPost, path(api.RouteTokenRotate, ref), in, Write{})
}

// RevokeToken ends a token at once. One that is revoked stays as it is.
func (c *Client) RevokeToken(ctx context.Context, ref string, w Write) (api.Token, error) {
	return send[api.Token](ctx, c, http.MethodDelete, path(api.RouteToken, ref), nil, w)
}

// Whoami says who the caller is to schedd.
func (c *Client) Whoami(ctx context.Context) (api.Whoami, error) {
	return get[api.Whoami](ctx, c, api.RouteWhoami, nil)
}
