package client

import (
	"context"
	"net/http"
	"time"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/job"
)

// Workers lists the nodes of the last day, by name.
func (c *Client) Workers(ctx context.Context) ([]api.Worker, error) {
	return get[[]api.Worker](ctx, c, api.RouteWorkers, nil)
}

// Worker returns one node; not_found when nothing was heard of it for a day.
func (c *Client) Worker(ctx context.Context, node string) (api.Worker, error) {
	return get[api.Worker](ctx, c, path(api.RouteWorker, node), nil)
}

// Drain tells a node to take no new work, and returns it. What runs there goes on.
func (c *Client) Drain(ctx context.Context, node string, in api.Drain) (api.Worker, error) {
	return send[api.Worker](ctx, c, http.MethodPost, path(api.RouteWorkerDrain, node), in, Write{})
}

// Undrain tells a node to take work again, and returns it.
func (c *Client) Undrain(ctx context.Context, node string, in api.Drain) (api.Worker, error) {
	return send[api.Worker](ctx, c, http.MethodPost, path(api.RouteWorkerUndrain, node), in, Write{})
}

// Queue says what waits, and where.
func (c *Client) Queue(ctx context.Context) (api.Queue, error) {
	return get[api.Queue](ctx, c, api.RouteQueue, nil)
}

// PeekQueue returns up to limit announcements that nobody received yet, 0 = 20. Nothing
// is taken.
func (c *Client) PeekQueue(ctx context.Context, limit int) ([]api.QueueMessage, error) {
	v := values{}
	v.number("limit", int64(limit))
	return get[[]api.QueueMessage](ctx, c, api.RouteQueueMessages, v.url())
}

// PauseQueue keeps executions of the client's platform, or of all, from starting.
func (c *Client) PauseQueue(ctx context.Context, in api.Stop) (api.Hold, error) {
	return send[api.Hold](ctx, c, http.MethodPost, api.RouteQueuePause, in, Write{})
}

// ResumeQueue undoes PauseQueue for the same platform, or for all of them. It is no
// error when nothing is paused.
func (c *Client) ResumeQueue(ctx context.Context, w Write) error {
	return c.tell(ctx, http.MethodPost, api.RouteQueueResume, nil, nil, w)
}

// Maintenance says whether planning and starting are stopped everywhere.
func (c *Client) Maintenance(ctx context.Context) (api.Maintenance, error) {
	return get[api.Maintenance](ctx, c, api.RouteMaintenance, nil)
}

// BeginMaintenance stops planning and starting everywhere; said again it changes how
// long and why.
func (c *Client) BeginMaintenance(ctx context.Context, in api.Stop) (api.Maintenance, error) {
	return send[api.Maintenance](ctx, c, http.MethodPut, api.RouteMaintenance, in, Write{})
}

// EndMaintenance goes on with everything. It is no error when nothing is stopped.
func (c *Client) EndMaintenance(ctx context.Context, w Write) error {
	return c.tell(ctx, http.MethodDelete, api.RouteMaintenance, nil, nil, w)
}

// DeadQuery selects dead letters.
type DeadQuery struct {
	Job     string    // id or name; "" = all jobs
	Reasons []string  // of job.DeadReasons
	Before  time.Time // dead since before then

	SortOrder string // desc (newest first, the default) | asc
	Limit     int    // at most 100; 0 = 50
	Cursor    string
	WithTotal bool
}

// DeadLetters returns one page of dead letters.
func (c *Client) DeadLetters(ctx context.Context, q DeadQuery) (Page[job.Execution], error) {
	v := values{}
	v.text("job", q.Job)
	v.list("reason", q.Reasons)
	v.time("dead_before", q.Before)
	v.text("sort_order", q.SortOrder)
	v.number("limit", int64(q.Limit))
	v.text("cursor", q.Cursor)
	v.flag("total", q.WithTotal)
	return page[job.Execution](ctx, c, api.RouteDeadLetters, v.url())
}

// DeadLetter returns a dead letter with its attempts; not_found when the execution is
// none.
func (c *Client) DeadLetter(ctx context.Context, ref string) (job.Execution, error) {
	return get[job.Execution](ctx, c, path(api.RouteDeadLetter, ref), nil)
}

// RetryDead runs a dead letter again, as a new execution; it leaves the queue.
// conflict when the execution is none.
func (c *Client) RetryDead(ctx context.Context, ref string, in api.Retry, w Write) (job.Execution, error) {
	return send[job.Execution](ctx, c, http.MethodPost, path(api.RouteDeadRetry, ref), in, w.creates())
}

// DropDead takes a dead letter out of the queue for good; its history stays. conflict
// when the execution is none.
func (c *Client) DropDead(ctx context.Context, ref string, w Write) error {
	return c.tell(ctx, http.MethodDelete, path(api.RouteDeadLetter, ref), nil, nil, w)
}
