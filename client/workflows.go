package client

import (
	"context"
	"net/http"
	"net/url"
	"strconv"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/job"
)

// Workflows lists the workflows in use, by name.
func (c *Client) Workflows(ctx context.Context) ([]api.Workflow, error) {
	return get[[]api.Workflow](ctx, c, api.RouteWorkflows, nil)
}

// Workflow returns a revision of a workflow; 0 = the one in use.
func (c *Client) Workflow(ctx context.Context, name string, revision int64) (api.Workflow, error) {
	query := url.Values{}
	if revision != 0 {
		query.Set("revision", strconv.FormatInt(revision, 10))
	}
	return get[api.Workflow](ctx, c, path(api.RouteWorkflow, name), query)
}

// WorkflowRevisions lists all revisions of a workflow, the newest first.
func (c *Client) WorkflowRevisions(ctx context.Context, name string) ([]api.Workflow, error) {
	return get[[]api.Workflow](ctx, c, path(api.RouteRevisions, name), nil)
}

// CreateWorkflow makes a workflow. conflict when there is one of that name.
func (c *Client) CreateWorkflow(ctx context.Context, in api.WorkflowInput, w Write) (api.Workflow, error) {
	return send[api.Workflow](ctx, c, http.MethodPost, api.RouteWorkflows, in, w)
}

// SetWorkflow makes the next revision of a workflow. A definition that is what it was
// stays at its revision.
func (c *Client) SetWorkflow(ctx context.Context, name string, in api.WorkflowInput, w Write) (api.Workflow, error) {
	return send[api.Workflow](ctx, c, http.MethodPut, path(api.RouteWorkflow, name), in, w)
}

// DeleteWorkflow takes a workflow out of use. What runs goes on.
func (c *Client) DeleteWorkflow(ctx context.Context, name string, w Write) error {
	return c.tell(ctx, http.MethodDelete, path(api.RouteWorkflow, name), nil, nil, w)
}

// RunWorkflow runs a workflow now, outside of any job.
func (c *Client) RunWorkflow(ctx context.Context, name string, in api.WorkflowRun, w Write) (job.Execution, error) {
	return send[job.Execution](ctx, c, http.MethodPost, path(api.RouteWorkflowRun, name), in, w.creates())
}

// WorkflowRuns returns one page of the runs of a workflow; q.Job is ignored.
func (c *Client) WorkflowRuns(ctx context.Context, name string, q ExecutionQuery) (Page[job.Execution], error) {
	q.Job = ""
	return page[job.Execution](ctx, c, path(api.RouteWorkflowRuns, name), q.values())
}

// Steps returns how the steps of an execution of a workflow stand.
func (c *Client) Steps(ctx context.Context, ref string) ([]api.StepRun, error) {
	return get[[]api.StepRun](ctx, c, path(api.RouteSteps, ref), nil)
}
