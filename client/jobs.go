package client

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/job"
)

// CreateJob creates a job of a type by the route of that type.
func (c *Client) CreateJob(ctx context.Context, t job.Type, in api.JobInput, w Write) (job.Job, error) {
	routes := map[job.Type]string{
		job.TypeCron:      api.RouteJobsCron,
		job.TypeOneTime:   api.RouteJobsOnce,
		job.TypeRecurring: api.RouteJobsRecurring, job.TypeEvent: api.RouteJobsEvent,
	}
	route, ok := routes[t]
	if !ok {
		return job.Job{}, job.Errorf(job.Invalid, "jobs of type %q cannot be created", t)
	}
	return send[job.Job](ctx, c, http.MethodPost, route, in, w.creates())
}

// Jobs returns one page of jobs.
func (c *Client) Jobs(ctx context.Context, q JobQuery) (Page[job.Job], error) {
	return page[job.Job](ctx, c, api.RouteJobs, q.values())
}

// ApplyJobs makes jobs what their definitions say, all of them or none. Fields of an
// error begin with jobs[INDEX]. It may be repeated.
func (c *Client) ApplyJobs(ctx context.Context, in api.Apply, w Write) (api.Applied, error) {
	var out api.Applied
	_, err := c.do(ctx, request{method: http.MethodPost, path: api.RouteJobsApply, body: in, header: w.header(), out: &out, dry: in.DryRun})
	return out, err
}

// ExportJobs returns one page of what job files must say to get these jobs.
func (c *Client) ExportJobs(ctx context.Context, q JobQuery) (Page[api.JobDefinition], error) {
	return page[api.JobDefinition](ctx, c, api.RouteExportJobs, q.values())
}

// Job returns the job with the id, or the live job with the name, ref.
func (c *Client) Job(ctx context.Context, ref string) (job.Job, error) {
	return get[job.Job](ctx, c, path(api.RouteJob, ref), nil)
}

// ChangeJob changes the fields that in has. Fields that in.Null names go back to
// their defaults.
func (c *Client) ChangeJob(ctx context.Context, ref string, in api.JobInput, w Write) (job.Job, error) {
	return send[job.Job](ctx, c, http.MethodPatch, path(api.RouteJob, ref), patch(in), w)
}

// Reschedule gives a job another schedule, or a one-time job another instant.
func (c *Client) Reschedule(ctx context.Context, ref string, in api.Reschedule, w Write) (job.Job, error) {
	return send[job.Job](ctx, c, http.MethodPut, path(api.RouteJobReschedule, ref), in, w)
}

// Pause stops planning. Pausing a paused job changes nothing and is no error.
func (c *Client) Pause(ctx context.Context, ref string, in api.Pause) error {
	return c.tell(ctx, http.MethodPost, path(api.RouteJobPause, ref), nil, in, Write{Reason: in.Reason})
}

// Resume starts planning again.
func (c *Client) Resume(ctx context.Context, ref string, in api.Resume, w Write) error {
	return c.tell(ctx, http.MethodPost, path(api.RouteJobResume, ref), nil, in, w)
}

// CancelJob ends a job for good and keeps its history.
func (c *Client) CancelJob(ctx context.Context, ref string, in api.Cancel) error {
	return c.tell(ctx, http.MethodPost, path(api.RouteJobCancel, ref), nil, in, Write{Reason: in.Reason})
}

// DeleteJob removes a job with its history.
func (c *Client) DeleteJob(ctx context.Context, ref string, w Write) error {
	return c.tell(ctx, http.MethodDelete, path(api.RouteJob, ref), url.Values{"purge": {"true"}}, nil, w)
}

// Run makes an execution of a job now. One that the job's overlap policy does not
// admit comes back skipped.
func (c *Client) Run(ctx context.Context, ref string, in api.Run, w Write) (job.Execution, error) {
	return send[job.Execution](ctx, c, http.MethodPost, path(api.RouteJobRun, ref), in, w.creates())
}

// Backfill runs a job for the due times in [in.From, in.To) that have no run. Asked
// again it makes no second run of a due time.
func (c *Client) Backfill(ctx context.Context, ref string, in api.Backfill) (api.Backfilled, error) {
	var out api.Backfilled
	_, err := c.do(ctx, request{method: http.MethodPost, path: path(api.RouteJobBackfill, ref), body: in, header: Write{Reason: in.Reason}.header(), out: &out, dry: in.DryRun})
	return out, err
}

// Next explains the schedule of a job, with its next count slots after from.
// Zero values leave both to the daemon.
func (c *Client) Next(ctx context.Context, ref string, count int, from time.Time) (api.Explained, error) {
	v := values{}
	v.number("count", int64(count))
	v.time("from", from)
	return get[api.Explained](ctx, c, path(api.RouteJobNext, ref), v.url())
}

// WhyJob says why a job did, or did not, run at an instant; zero = now.
func (c *Client) WhyJob(ctx context.Context, ref string, at time.Time) (api.Why, error) {
	v := values{}
	v.time("at", at)
	return get[api.Why](ctx, c, path(api.RouteJobWhy, ref), v.url())
}

// patch is a JobInput whose Null fields are written as null.
type patch api.JobInput

// MarshalJSON adds the nulls.
func (p patch) MarshalJSON() ([]byte, error) { return withNulls(api.JobInput(p), p.Null) }

// withNulls is a body in which some fields are null.
func withNulls(body any, null []string) ([]byte, error) {
	data, err := json.Marshal(body)
	if err != nil || len(null) == 0 {
		return data, err
	}
	fields := map[string]json.RawMessage{}
	if err := json.Unmarshal(data, &fields); err != nil {
		return nil, err
	}
	for _, name := range null {
		fields[name] = json.RawMessage("null")
	}
	return json.Marshal(fields)
}

// page asks for a list.
func page[T any](ctx context.Context, c *Client, path string, query url.Values) (Page[T], error) {
	items := []T{}
	header, err := c.do(ctx, request{method: http.MethodGet, path: path, query: query, out: &items})
	if err != nil {
		return Page[T]{}, err
	}
	p := Page[T]{Items: items, NextCursor: header.Get(api.HeaderNextCursor), Total: -1}
	if n, err := strconv.ParseInt(header.Get(api.HeaderTotalCount), 10, 64); err == nil {
		p.Total = n
	}
	return p, nil
}
