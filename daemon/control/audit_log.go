package control

import (
	"context"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/store"
)

// Filter and page of the audit log.
type (
	AuditFilter  = store.AuditFilter
	AuditLogPage = store.Page[api.AuditEntry]
)

// ListAudit returns one page of who changed what.
func (s *Service) ListAudit(ctx context.Context, c Call, f AuditFilter) (out AuditLogPage, err error) {
	if f.Platform, err = c.scope(); err != nil {
		return out, err
	}
	page, err := s.store.ListAudit(ctx, f)
	if err != nil {
		return out, err
	}
	out = AuditLogPage{Items: make([]api.AuditEntry, len(page.Items)), Next: page.Next, Total: page.Total}
	for i := range page.Items {
		out.Items[i] = auditEntry(&page.Items[i])
	}
	return out, nil
}

// AuditEntry returns one entry of the audit log.
func (s *Service) AuditEntry(ctx context.Context, c Call, number int64) (api.AuditEntry, error) {
	scope, err := c.scope()
	if err != nil {
		return api.AuditEntry{}, err
	}
	e, err := s.store.AuditEntry(ctx, scope, number)
	return auditEntry(&e), err
}

func auditEntry(e *store.AuditEntry) api.AuditEntry {
	return api.AuditEntry{
		ID: e.Number, At: e.At, Actor: e.By, Via: e.Via, Action: e.Action, Kind: e.Kind, ObjectID: e.ID, ObjectName: e.Name,
		PlatformID: platformID(first(e.Platform, AnyPlatform)), Before: e.Before, After: e.After, Reason: e.Reason, RequestID: e.RequestID, TraceID: e.TraceID,
	}
}
