package client

import (
	"context"
	"strconv"
	"time"

	"github.com/agentic-sdlc/scheduler/api"
)

// AuditQuery selects entries of the audit log. Zero values do not restrict.
type AuditQuery struct {
	Actions      []string // any of; "job.*" is every action on jobs
	Kinds        []string // any of: job, execution, token, …
	Actor        string
	Object       string // id or name of what changed
	RequestID    string
	Since, Until time.Time

	SortOrder string // asc | desc; "" = the newest first
	Limit     int    // at most 100; 0 = 50
	Cursor    string
	WithTotal bool
}

// Audit returns one page of who changed what.
func (c *Client) Audit(ctx context.Context, q AuditQuery) (Page[api.AuditEntry], error) {
	v := values{}
	v.list("action", q.Actions)
	v.list("kind", q.Kinds)
	v.text("actor", q.Actor)
	v.text("object", q.Object)
	v.text("request_id", q.RequestID)
	v.time("since", q.Since)
	v.time("until", q.Until)
	v.text("sort_order", q.SortOrder)
	v.number("limit", int64(q.Limit))
	v.text("cursor", q.Cursor)
	v.flag("total", q.WithTotal)
	return page[api.AuditEntry](ctx, c, api.RouteAudit, v.url())
}

// AuditEntry returns one entry of the audit log.
func (c *Client) AuditEntry(ctx context.Context, id int64) (api.AuditEntry, error) {
	return get[api.AuditEntry](ctx, c, path(api.RouteAuditEntry, strconv.FormatInt(id, 10)), nil)
}
