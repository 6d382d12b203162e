package client

import (
	"context"
	"net/http"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/job"
)

// Executions returns one page of executions, newest first unless the query says
// otherwise.
func (c *Client) Executions(ctx context.Context, q ExecutionQuery) (Page[job.Execution], error) {
	return page[job.Execution](ctx, c, api.RouteExecutions, q.values())
}

// JobExecutions returns one page of the executions of a job; q.Job is ignored.
func (c *Client) JobExecutions(ctx context.Context, ref string, q ExecutionQuery) (Page[job.Execution], error) {
	q.Job = ""
	return page[job.Execution](ctx, c, path(api.RouteJobExecutions, ref), q.values())
}

// Execution returns an execution with its attempts. ref is an id, JOB/N, JOB/last or
// JOB/last-failed.
func (c *Client) Execution(ctx context.Context, ref string) (job.Execution, error) {
	return get[job.Execution](ctx, c, path(api.RouteExecution, ref), nil)
}

// Retry makes a new execution with what a failed one was given.
func (c *Client) Retry(ctx context.Context, ref string, in api.Retry, w Write) (job.Execution, error) {
	return send[job.Execution](ctx, c, http.MethodPost, path(api.RouteRetry, ref), in, w.creates())
}

// CancelExecution cancels a waiting execution and asks a running one to stop.
func (c *Client) CancelExecution(ctx context.Context, ref string, in api.Cancel) error {
	return c.tell(ctx, http.MethodPost, path(api.RouteCancel, ref), nil, in, Write{Reason: in.Reason})
}

// WhyExecution says how an execution came about and why it ended as it did.
func (c *Client) WhyExecution(ctx context.Context, ref string) (api.Why, error) {
	return get[api.Why](ctx, c, path(api.RouteWhy, ref), nil)
}

// Logs returns lines of an execution in order of seq.
func (c *Client) Logs(ctx context.Context, ref string, q LogQuery) ([]job.LogEntry, error) {
	return get[[]job.LogEntry](ctx, c, path(api.RouteLogs, ref), q.values())
}
