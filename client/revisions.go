package client

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/job"
)

// Revisions returns one page of what a job is and was, the newest first; limit 0 = 50,
// cursor "" = from the newest. not_found when there is no such job.
func (c *Client) Revisions(ctx context.Context, ref, cursor string, limit int) (Page[api.Revision], error) {
	v := values{}
	v.text("cursor", cursor)
	v.number("limit", int64(limit))
	return page[api.Revision](ctx, c, path(api.RouteJobRevisions, ref), v.url())
}

// Revision returns what a job was, with its definition. not_found when that revision is
// not kept any more.
func (c *Client) Revision(ctx context.Context, ref string, n int64) (api.Revision, error) {
	return get[api.Revision](ctx, c, numbered(api.RouteJobRevision, ref, n), nil)
}

// Restore gives a job the definition that it had; its status stays. conflict when the job
// has ended or its former name is taken.
func (c *Client) Restore(ctx context.Context, ref string, n int64, in api.Restore, w Write) (job.Job, error) {
	return send[job.Job](ctx, c, http.MethodPost, numbered(api.RouteJobRestore, ref, n), in, w)
}

// numbered fills a route about one revision.
func numbered(route, ref string, n int64) string {
	return strings.Replace(path(route, ref), "{n}", strconv.FormatInt(n, 10), 1)
}

// BulkJobs does one thing to many jobs: to those that in names, or to those that q
// selects, of which order and page do not count. conflict when they are not as many as
// in expects; what goes wrong with one job is told in its item.
func (c *Client) BulkJobs(ctx context.Context, q JobQuery, in api.Bulk, w Write) (api.BulkResult, error) {
	var out api.BulkResult
	q.SortBy, q.SortOrder, q.Limit, q.Offset, q.Cursor, q.WithTotal = "", "", 0, 0, "", false
	_, err := c.do(ctx, request{method: http.MethodPost, path: api.RouteJobsBulk, query: q.values(), body: in, header: w.creates().header(), out: &out, dry: in.DryRun})
	return out, err
}
