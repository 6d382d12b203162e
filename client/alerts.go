package client

import (
	"context"
	"net/http"
	"time"

	"github.com/agentic-sdlc/scheduler/api"
)

// AlertQuery selects alerts. Zero values do not restrict.
type AlertQuery struct {
	States     []string // any of firing, acknowledged, silenced, resolved
	Severities []string // any of info, warning, critical
	Since      time.Time

	Limit  int // at most 100; 0 = 50
	Cursor string
}

// Alerts returns one page of alerts, the newest first.
func (c *Client) Alerts(ctx context.Context, q AlertQuery) (Page[api.Alert], error) {
	v := values{}
	v.list("state", q.States)
	v.list("severity", q.Severities)
	v.time("since", q.Since)
	v.number("limit", int64(q.Limit))
	v.text("cursor", q.Cursor)
	return page[api.Alert](ctx, c, api.RouteAlerts, v.url())
}

// Alert returns one alert with its history.
func (c *Client) Alert(ctx context.Context, id string) (api.Alert, error) {
	return get[api.Alert](ctx, c, path(api.RouteAlert, id), nil)
}

// AcknowledgeAlert says that somebody is at it.
func (c *Client) AcknowledgeAlert(ctx context.Context, id string, in api.Stop) (api.Alert, error) {
	return send[api.Alert](ctx, c, http.MethodPost, path(api.RouteAlertAck, id), in, Write{})
}

// SilenceAlert keeps an alert, and those of the same cause, from telling anybody.
func (c *Client) SilenceAlert(ctx context.Context, id string, in api.Stop) (api.Alert, error) {
	return send[api.Alert](ctx, c, http.MethodPost, path(api.RouteAlertSilence, id), in, Write{})
}

// UnsilenceAlert takes a silence, or an acknowledgement, back.
func (c *Client) UnsilenceAlert(ctx context.Context, id string, in api.AlertReason) (api.Alert, error) {
	return send[api.Alert](ctx, c, http.MethodPost, path(api.RouteAlertUnsilence, id), in, Write{})
}

// ResolveAlert ends an alert; it fires anew when its cause is still there.
func (c *Client) ResolveAlert(ctx context.Context, id string, in api.AlertReason) (api.Alert, error) {
	return send[api.Alert](ctx, c, http.MethodPost, path(api.RouteAlertResolve, id), in, Write{})
}

// AlertRules lists the alert rules of the client's platform, or of all, by name.
func (c *Client) AlertRules(ctx context.Context) ([]api.AlertRule, error) {
	return get[[]api.AlertRule](ctx, c, api.RouteAlertRules, nil)
}

// AlertRule returns one.
func (c *Client) AlertRule(ctx context.Context, ref string) (api.AlertRule, error) {
	return get[api.AlertRule](ctx, c, path(api.RouteAlertRule, ref), nil)
}

// CreateAlertRule makes an alert rule. conflict when there is one of that name.
func (c *Client) CreateAlertRule(ctx context.Context, in api.AlertRuleInput, w Write) (api.AlertRule, error) {
	return send[api.AlertRule](ctx, c, http.MethodPost, api.RouteAlertRules, in, w)
}

// ChangeAlertRule changes the fields that are given.
func (c *Client) ChangeAlertRule(ctx context.Context, ref string, in api.AlertRuleInput, w Write) (api.AlertRule, error) {
	return send[api.AlertRule](ctx, c, http.MethodPatch, path(api.RouteAlertRule, ref), in, w)
}

// DeleteAlertRule removes an alert rule; its alerts are resolved.
func (c *Client) DeleteAlertRule(ctx context.Context, ref string, w Write) (api.AlertRule, error) {
	return send[api.AlertRule](ctx, c, http.MethodDelete, path(api.RouteAlertRule, ref), nil, w)
}

// TestAlertRule says what a rule would find now; nobody is told.
func (c *Client) TestAlertRule(ctx context.Context, ref string) (api.AlertTested, error) {
	return send[api.AlertTested](ctx, c, http.MethodPost, path(api.RouteAlertRuleTest, ref), nil, Write{})
}

// AlertChannels lists the channels that alerts may be told by.
func (c *Client) AlertChannels(ctx context.Context) ([]api.AlertChannel, error) {
	return get[[]api.AlertChannel](ctx, c, api.RouteAlertChannels, nil)
}

// TestAlertChannel tells a channel that somebody tries it; unavailable when that fails.
func (c *Client) TestAlertChannel(ctx context.Context, name string) (api.AlertChannel, error) {
	return send[api.AlertChannel](ctx, c, http.MethodPost, path(api.RouteAlertChannelTest, name), nil, Write{})
}
