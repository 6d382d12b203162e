package postgres

import (
	"context"
	"strings"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/internal/stored"
)

// ListJobs returns one page of jobs.
func (s *Store) ListJobs(ctx context.Context, f store.JobFilter) (page store.Page[job.Job], err error) {
	err = s.snapshot(ctx, func(t *tx) error {
		page = store.Page[job.Job]{Total: -1}
		q, err := jobQuery(&f)
		if err != nil {
			return err
		}
		if f.WithTotal {
			if page.Total, err = q.count(t, wholeFrom); err != nil {
				return err
			}
		}
		if err := q.after(f.Cursor); err != nil {
			return err
		}
		limit := pageLimit(f.Limit)
		if page.Items, err = selectJobs(t, q.page(wholeColumns, wholeFrom, limit, f.Offset), q.args); err != nil {
			return err
		}
		if len(page.Items) <= limit {
			return nil
		}
		page.Items = page.Items[:limit]
		page.Next, err = jobCursor(t, q, &page.Items[limit-1])
		return err
	})
	return page, err
}

// sortColumns are the orders of a list of jobs.
var sortColumns = map[string]string{
	"": "j.created_at", store.SortCreatedAt: "j.created_at", store.SortNextRun: "c.next_run", store.SortName: "j.name", store.SortPriority: "j.priority::bigint",
}

func jobQuery(f *store.JobFilter) (*query, error) {
	column, ok := sortColumns[f.SortBy]
	if !ok {
		return nil, job.Errorf(job.Invalid, "sort_by: %q is not one of created_at, next_run, name, priority", f.SortBy)
	}
	q := &query{sort: column, column: column, key: "j.seq", descending: f.Descending}
	q.platform("j.platform", f.Platform)
	q.in("j.type", stored.Codes(stored.JobTypes, f.Types))
	q.in("c.status", stored.Codes(stored.JobStatuses, f.Statuses))
	q.inTexts("j.name", f.Names)
	q.inTexts("j.handler", f.Handlers)
	if f.CreatedBy != "" {
		q.and("j.created_by = ?", f.CreatedBy)
	}
	if f.NameContains != "" {
		q.and(`strpos(lower(j.name), lower(?::text COLLATE "C")) > 0`, f.NameContains)
	}
	if len(f.NameGlobs) > 0 {
		q.and(`j.name LIKE ANY (?::text[])`, likes(f.NameGlobs))
	}
	if len(f.Tags) > 0 {
		q.and("EXISTS (SELECT 1 FROM job_tags t WHERE t.job = j.seq AND t.tag = ANY (?::text[]))", cleaned(f.Tags))
	}
	for _, tag := range f.TagsAll {
		q.and("EXISTS (SELECT 1 FROM job_tags t WHERE t.job = j.seq AND t.tag = ?)", tag)
	}
	q.since("j.created_at >= ?", f.CreatedAfter)
	q.since("j.created_at <= ?", f.CreatedBefore)
	q.since("c.next_run >= ?", f.NextRunAfter)
	q.since("c.next_run <= ?", f.NextRunBefore)
	if f.Failing {
		q.and(`(SELECT e.status FROM executions e WHERE e.job = j.seq AND e.status IN (2, 3, 4) ORDER BY e.n DESC LIMIT 1) IN (3, 4)`)
	}
	if f.Deleted {
		q.and("j.deleted_at IS NOT NULL")
	} else {
		q.and("j.deleted_at IS NULL")
	}
	return q, nil
}

// jobCursor is the place of a job in the list.
func jobCursor(t *tx, q *query, j *job.Job) (string, error) {
	var at string
	_, err := t.first(`SELECT j.seq, `+q.column+` FROM jobs j JOIN cursors c ON c.job = j.seq WHERE j.id = $1`, []any{j.ID[:]},
		func(r *row) {
			seq := r.int()
			at = encodeCursor(q.sort, seq, r.take())
		})
	return at, err
}

// likes turns patterns in which * and ? are special into those of LIKE.
func likes(globs []string) []string {
	to := strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`, `*`, `%`, `?`, `_`)
	out := make([]string, len(globs))
	for i, p := range globs {
		out[i] = to.Replace(clean(p))
	}
	return out
}
