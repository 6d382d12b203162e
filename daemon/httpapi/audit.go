package httpapi

import (
	"strconv"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/daemon/control"
	"github.com/agentic-sdlc/scheduler/job"
)

// auditQuery are the parameters of the audit log.
var auditQuery = []string{"action", "kind", "actor", "object", "request_id", "since", "until", "sort_order", "limit", "cursor", "total"}

// auditLog are the routes about who changed what.
func (s *server) auditLog() []route {
	return []route{
		get(api.RouteAudit, s.listAudit, auditQuery...).only(control.RoleAdmin),
		get(api.RouteAuditEntry, s.auditEntry).only(control.RoleAdmin),
	}
}

func (s *server) listAudit(rq *request) (any, error) {
	q := &rq.query
	f := control.AuditFilter{
		Actions: q.list("action"), Kinds: q.list("kind"), By: q.text("actor"), Object: q.text("object"), RequestID: q.text("request_id"),
		Since: q.time("since"), Until: q.time("until"), Ascending: single(q, "sort_order", "asc", "desc") == "asc",
	}
	q.before("since", "until", f.Since, f.Until)
	f.Limit, f.Cursor, f.WithTotal = int(q.number("limit", 0, 1, control.MaxLimit)), q.text("cursor"), q.flag("total")
	if err := q.err(); err != nil {
		return nil, err
	}
	page, err := s.service.ListAudit(rq.Context(), rq.call, f)
	return list(page), err
}

func (s *server) auditEntry(rq *request) (any, error) {
	number, err := strconv.ParseInt(rq.ref(), 10, 64)
	if err != nil || number < 1 {
		return nil, job.Errorf(job.NotFound, "audit entry %.80q not found", rq.ref()).WithHint("an entry is named by its number")
	}
	return s.service.AuditEntry(rq.Context(), rq.call, number)
}
