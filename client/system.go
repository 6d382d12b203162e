package client

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"time"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/job"
)

// Handler is one handler that jobs may use.
type Handler struct {
	Name        string `json:"name"`
	Type        string `json:"type"`
	Kind        string `json:"kind"`
	Description string `json:"description"`
	Privileged  bool   `json:"privileged"`

	Platforms []string        `json:"platforms,omitempty"` // whose jobs may use it; empty = all
	Schema    json.RawMessage `json:"schema,omitempty"`    // JSON Schema of its payload; nil = it does not say
}

// Forecast returns the coming runs of the named jobs, or of all of them, within a
// window from now: the earliest so many, 0 = 1000.
func (c *Client) Forecast(ctx context.Context, window time.Duration, jobs []string, limit int) ([]api.ForecastItem, error) {
	return get[[]api.ForecastItem](ctx, c, api.RouteForecast, coming(window, jobs, limit))
}

// ClockChanges returns what changes of clocks within a window from now do to the named
// jobs, or to all active ones: the earliest so many, 0 = 1000. A window of 0 is long
// enough for the next change of every zone.
func (c *Client) ClockChanges(ctx context.Context, window time.Duration, jobs []string, limit int) ([]api.ClockChange, error) {
	return get[[]api.ClockChange](ctx, c, api.RouteClockChanges, coming(window, jobs, limit))
}

// coming asks for what comes within a window, 0 = as the route has it.
func coming(window time.Duration, jobs []string, limit int) url.Values {
	v := values{}
	if window > 0 {
		v.text("window", window.String())
	}
	v.list("job", jobs)
	v.number("limit", int64(limit))
	return v.url()
}

// AuditSlots audits the slots of one job, or of a page of all of them when ref is empty.
func (c *Client) AuditSlots(ctx context.Context, ref, cursor string, limit int) (Page[api.SlotAudit], error) {
	v := values{}
	v.text("job", ref)
	v.text("cursor", cursor)
	v.number("limit", int64(limit))
	return page[api.SlotAudit](ctx, c, api.RouteAuditSlots, v.url())
}

// Handlers lists what jobs may run.
func (c *Client) Handlers(ctx context.Context) ([]Handler, error) {
	return get[[]Handler](ctx, c, api.RouteHandlers, nil)
}

// Health says how the daemon is. Unhealthy is an answer, not an error.
func (c *Client) Health(ctx context.Context) (api.Health, error) {
	var answer struct {
		api.Health
		Error string `json:"error"`
		Hint  string `json:"hint"`
	}
	r := request{method: http.MethodGet, path: api.RouteHealth, out: &answer, accept: http.StatusServiceUnavailable}
	_, err := c.do(ctx, r)
	if err == nil && answer.Status == "" { // 503 for another reason
		err = &job.Error{Code: job.Unavailable, Message: answer.Error, Hint: answer.Hint}
	}
	return answer.Health, err
}

// Metrics sums up a platform, or all of them.
func (c *Client) Metrics(ctx context.Context, q MetricsQuery) (api.Metrics, error) {
	v := values{}
	v.text("period", q.Period)
	v.time("from", q.From)
	v.time("to", q.To)
	return get[api.Metrics](ctx, c, api.RouteMetrics, v.url())
}

// Exposition returns what Prometheus reads of the node that answers, in the text format of
// Prometheus. It is of all platforms, for who reaches all.
func (c *Client) Exposition(ctx context.Context) ([]byte, error) {
	answer, err := c.Raw(ctx, http.MethodGet, api.RouteExposition, nil, nil, Write{})
	return answer.Body, err
}

// MetricsQuery says which time to sum up: a period until now, or from an instant to
// another.
type MetricsQuery struct {
	Period   string // one of api.Periods; "" = 24h, or what From and To say
	From, To time.Time
}

// JobStats sums up the executions of a job that ended since an instant; the zero time is
// since ever.
func (c *Client) JobStats(ctx context.Context, ref string, since time.Time) (api.JobStats, error) {
	v := values{}
	v.time("since", since)
	return get[api.JobStats](ctx, c, path(api.RouteJobStats, ref), v.url())
}

// Version says what the daemon is.
func (c *Client) Version(ctx context.Context) (api.Version, error) {
	return get[api.Version](ctx, c, api.RouteVersion, nil)
}

// Live reports whether the daemon answers at all.
func (c *Client) Live(ctx context.Context) error {
	return c.tell(ctx, http.MethodGet, api.RouteLivez, nil, nil, Write{})
}

// Ready reports whether the daemon takes work.
func (c *Client) Ready(ctx context.Context) error {
	return c.tell(ctx, http.MethodGet, api.RouteReadyz, nil, nil, Write{})
}
