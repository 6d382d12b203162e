package cli

import (
	"context"

	"github.com/agentic-sdlc/scheduler/client"
	"github.com/agentic-sdlc/scheduler/job"
)

// The daemon hands out lists in pages of this size at most.
const pageSize = 100

// collect reads pages until limit things are there, or all of them.
func collect[T any](limit int, all bool, fetch func(cursor string, limit int) (client.Page[T], error)) (client.Page[T], error) {
	whole := client.Page[T]{Total: -1}
	last := ""
	for {
		size := pageSize
		if !all {
			size = min(size, limit-len(whole.Items))
		}
		page, err := fetch(whole.NextCursor, size)
		if err != nil {
			return whole, err
		}
		if whole.Items == nil {
			whole.Total = page.Total
		}
		whole.Items = append(whole.Items, page.Items...)
		whole.NextCursor = page.NextCursor
		if page.NextCursor == "" || page.NextCursor == last || !all && len(whole.Items) >= limit {
			return whole, nil
		}
		last = page.NextCursor
	}
}

// checkLimit refuses what no list can have.
func checkLimit(limit int) error {
	if limit < 1 {
		return usagef("--limit must be at least 1")
	}
	return nil
}

// allJobs reads every page of a query.
func allJobs(ctx context.Context, c *client.Client, q client.JobQuery) (client.Page[job.Job], error) {
	return collect(0, true, func(cursor string, limit int) (client.Page[job.Job], error) {
		q.Cursor, q.Limit = cursor, limit
		return c.Jobs(ctx, q)
	})
}
