package sqlite

import (
	"context"
	"strings"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// ListJobs returns one page of jobs.
func (s *Store) ListJobs(ctx context.Context, f store.JobFilter) (page store.Page[job.Job], err error) {
	err = s.snapshot(ctx, func(c *conn) error {
		q, err := jobQuery(&f)
		if err != nil {
			return err
		}
		page.Total = -1
		if f.WithTotal {
			if page.Total, err = q.count(ctx, c, wholeFrom); err != nil {
				return err
			}
		}
		if err := q.after(f.Cursor); err != nil {
			return err
		}
		limit := pageLimit(f.Limit)
		if page.Items, err = selectJobs(ctx, c, q.page(wholeColumns, wholeFrom, limit, f.Offset), q.args); err != nil {
			return err
		}
		if len(page.Items) <= limit {
			return nil
		}
		page.Items = page.Items[:limit]
		page.Next, err = jobCursor(c, q, &page.Items[limit-1])
		return err
	})
	return page, err
}

// sortColumns are the orders of a list of jobs.
var sortColumns = map[string]string{
	"": "j.created_at", store.SortCreatedAt: "j.created_at", store.SortNextRun: "c.next_run", store.SortName: "j.name", store.SortPriority: "j.priority",
}

func jobQuery(f *store.JobFilter) (*query, error) {
	column, ok := sortColumns[f.SortBy]
	if !ok {
		return nil, job.Errorf(job.Invalid, "sort_by: %q is not one of created_at, next_run, name, priority", f.SortBy)
	}
	q := &query{sort: column, column: column, key: "j.seq", descending: f.Descending}
	q.platform("j.platform", f.Platform)
	q.in("j.type", codesOf(jobTypes, f.Types))
	q.in("j.status", codesOf(jobStatuses, f.Statuses))
	q.in("j.name", anys(f.Names))
	q.in("j.handler", anys(f.Handlers))
	if f.CreatedBy != "" {
		q.and("j.created_by = ?", f.CreatedBy)
	}
	if f.NameContains != "" {
		q.and("instr(lower(j.name), lower(?)) > 0", f.NameContains)
	}
	if len(f.NameGlobs) > 0 {
		q.and("("+strings.Repeat("j.name GLOB ? OR ", len(f.NameGlobs)-1)+"j.name GLOB ?)", globs(f.NameGlobs)...)
	}
	if len(f.Tags) > 0 {
		q.and("EXISTS (SELECT 1 FROM job_tags t WHERE t.job = j.seq AND t.tag IN (?"+strings.Repeat(", ?", len(f.Tags)-1)+"))", anys(f.Tags)...)
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
func jobCursor(c *conn, q *query, j *job.Job) (string, error) {
	var at string
	_, err := c.first(context.Background(), `SELECT j.seq, `+q.column+` FROM jobs j JOIN cursors c ON c.job = j.seq WHERE j.id = ?`, []any{j.ID[:]},
		func(r *row) {
			seq := r.int()
			at = encodeCursor(q.sort, seq, r.take())
		})
	return at, err
}

func anys(texts []string) []any {
	out := make([]any, len(texts))
	for i, s := range texts {
		out[i] = s
	}
	return out
}

// globs makes [ an ordinary character, as only * and ? are special to us.
func globs(patterns []string) []any {
	out := make([]any, len(patterns))
	for i, p := range patterns {
		out[i] = strings.ReplaceAll(p, "[", "[[]")
	}
	return out
}
