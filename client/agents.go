package client

import (
	"context"
	"net/http"

	"github.com/agentic-sdlc/scheduler/api"
)

// Agents lists agents by name; typ "" = of all types.
func (c *Client) Agents(ctx context.Context, typ string) ([]api.Agent, error) {
	v := values{}
	v.text("type", typ)
	return get[[]api.Agent](ctx, c, api.RouteAgents, v.url())
}

// Agent returns one agent; not_found when there is none of that name.
func (c *Client) Agent(ctx context.Context, name string) (api.Agent, error) {
	return get[api.Agent](ctx, c, path(api.RouteAgent, name), nil)
}

// CreateAgent registers an agent. conflict when there is one of that name.
func (c *Client) CreateAgent(ctx context.Context, in api.AgentInput, w Write) (api.Agent, error) {
	return send[api.Agent](ctx, c, http.MethodPost, api.RouteAgents, in, w)
}

// ChangeAgent changes the fields that in has.
func (c *Client) ChangeAgent(ctx context.Context, name string, in api.AgentInput, w Write) (api.Agent, error) {
	return send[api.Agent](ctx, c, http.MethodPatch, path(api.RouteAgent, name), in, w)
}

// DeleteAgent forgets an agent. What it works on goes on.
func (c *Client) DeleteAgent(ctx context.Context, name string, w Write) error {
	return c.tell(ctx, http.MethodDelete, path(api.RouteAgent, name), nil, nil, w)
}

// SeeAgent is the sign of life of an agent that is reached by HTTP.
func (c *Client) SeeAgent(ctx context.Context, name string) error {
	return c.tell(ctx, http.MethodPost, path(api.RouteAgentHeartbeat, name), nil, nil, Write{})
}

// ReplyAgent says what came of a task that an agent took with 202. not_found when nobody
// waits for it any more, or the token is wrong.
func (c *Client) ReplyAgent(ctx context.Context, task string, in api.AgentReply) error {
	return c.tell(ctx, http.MethodPost, path(api.RouteAgentReply, task), nil, in, Write{})
}
