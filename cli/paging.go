package cli

import (
	"context"
	"strings"

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

// selector picks the jobs of a command that takes several.
type selector struct {
	tags   []string
	all    bool
	dryRun bool
	yes    bool
}

// resolve turns arguments into names of jobs: patterns are looked up, and a pattern
// that is everything needs --all.
func (s selector) resolve(ctx context.Context, c *client.Client, args []string) (names []string, bulk bool, err error) {
	if len(args) == 0 && len(s.tags) == 0 && !s.all {
		return nil, false, usagef("missing argument JOB").WithHint("name jobs, or choose them with --tag or --all")
	}
	var patterns []string
	for _, arg := range args {
		switch {
		case strings.Trim(arg, "*") == "" && !s.all:
			return nil, false, usagef("%q is every job", arg).WithHint("add --all if you mean it")
		case strings.ContainsAny(arg, "*?"):
			patterns = append(patterns, arg)
		case len(s.tags) > 0 || s.all:
			return nil, false, usagef("name jobs, or choose them with --tag or --all, not both")
		default:
			names = append(names, arg)
		}
	}
	if len(names) == len(args) && len(args) > 0 {
		return names, false, nil
	}
	q := client.JobQuery{Names: patterns, Tags: s.tags, SortBy: "name"}
	page, err := allJobs(ctx, c, q)
	if err != nil {
		return nil, true, err
	}
	if len(page.Items) == 0 && len(names) == 0 {
		return nil, true, job.Errorf(job.NotFound, "no job matches %s", strings.Join(append(patterns, s.tags...), " "))
	}
	for _, j := range page.Items {
		names = append(names, j.Name)
	}
	return names, true, nil
}

// allJobs reads every page of a query.
func allJobs(ctx context.Context, c *client.Client, q client.JobQuery) (client.Page[job.Job], error) {
	return collect(0, true, func(cursor string, limit int) (client.Page[job.Job], error) {
		q.Cursor, q.Limit = cursor, limit
		return c.Jobs(ctx, q)
	})
}
