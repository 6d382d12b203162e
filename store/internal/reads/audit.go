package reads

import (
	"context"
	"strconv"
	"strings"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/internal/stored"
)

// fromAudit is the table of entries; what list filters by platform is j.
const fromAudit = ` FROM audit j`

// ListAudit returns one page of the audit log.
func (r *Reader) ListAudit(ctx context.Context, f store.AuditFilter) (store.Page[store.AuditEntry], error) {
	return ask(ctx, r.snapshot, f.Platform, func(rows Rows) (store.Page[store.AuditEntry], error) { return listAudit(rows, &f) })
}

func listAudit(rows Rows, f *store.AuditFilter) (page store.Page[store.AuditEntry], err error) {
	l := list{sort: "audit", key: "j.seq", descending: !f.Ascending}
	l.platform(f.Platform)
	l.actions(f.Actions)
	in(&l, "j.kind IN (?)", f.Kinds)
	l.equals("j.changed_by = ?", f.By)
	l.equals("j.request_id = ?", f.RequestID)
	if f.Object != "" {
		l.and("(j.object = ? OR j.name = ?)", f.Object, f.Object)
	}
	l.since("j.at >= ?", f.Since)
	l.since("j.at < ?", f.Until)
	if page.Total, err = l.count(rows, fromAudit, f.WithTotal); err != nil {
		return page, err
	}
	if err := l.after(f.Cursor); err != nil {
		return page, err
	}
	limit := pageLimit(f.Limit)
	page.Items = make([]store.AuditEntry, 0, limit)
	err = rows(l.page(stored.AuditColumns, fromAudit, limit, 0), l.args, func(r *stored.Row) error {
		if len(page.Items) == limit {
			page.Next = l.cursor(page.Items[limit-1].Number, nil)
			return nil
		}
		page.Items = append(page.Items, stored.ScanAudit(r))
		return nil
	})
	return page, err
}

// equals adds a condition unless the value is empty.
func (l *list) equals(condition, value string) {
	if value != "" {
		l.and(condition, value)
	}
}

// actions adds a condition on the action: any of them, where "job.*" is all on jobs.
func (l *list) actions(actions []string) {
	var any []string
	for _, a := range actions {
		prefix, all := strings.CutSuffix(a, "*")
		if !all {
			l.args = append(l.args, a)
			any = append(any, "j.action = $"+strconv.Itoa(len(l.args)))
			continue
		}
		l.args = append(l.args, prefix, len(prefix))
		any = append(any, "substr(j.action, 1, $"+strconv.Itoa(len(l.args))+") = $"+strconv.Itoa(len(l.args)-1))
	}
	if len(any) > 0 {
		l.where = append(l.where, "("+strings.Join(any, " OR ")+")")
	}
}

// AuditEntry returns one entry of the audit log.
func (r *Reader) AuditEntry(ctx context.Context, platform string, number int64) (store.AuditEntry, error) {
	return ask(ctx, r.read, platform, func(rows Rows) (e store.AuditEntry, err error) {
		found, err := rows.first(`SELECT `+stored.AuditColumns+fromAudit+` WHERE j.seq = $1 AND (j.platform = $2 OR $2 = '*')`, []any{number, platform},
			func(r *stored.Row) { e = stored.ScanAudit(r) })
		if err == nil && !found {
			err = job.Errorf(job.NotFound, "audit entry %d not found", number)
		}
		return e, err
	})
}

// ForgetAudit is the statement that removes at most $2 entries of before $1.
const ForgetAudit = `DELETE FROM audit WHERE seq IN (SELECT seq FROM audit WHERE at < $1 ORDER BY at LIMIT $2)`
