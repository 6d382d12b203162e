package reads

import (
	"context"
	"encoding/json"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/internal/stored"
)

const selectPlatforms = `SELECT slug, description, max_jobs, max_running, events_per_second, creates_per_minute, handlers,
	created_at, created_by, updated_at, updated_by, deleted_at FROM platforms WHERE ($1 = '*' OR slug = $1)`

// Platform returns a platform that is in use.
func (r *Reader) Platform(ctx context.Context, scope, slug string) (store.Platform, error) {
	return ask(ctx, r.read, scope, func(rows Rows) (store.Platform, error) { return Platform(rows, scope, slug, "") })
}

// ListPlatforms returns platforms by name.
func (r *Reader) ListPlatforms(ctx context.Context, f store.PlatformFilter) ([]store.Platform, error) {
	return ask(ctx, r.read, f.Scope, func(rows Rows) ([]store.Platform, error) { return platforms(rows, f) })
}

// Platform returns a platform that is in use; lock is what the database adds to lock it.
func Platform(rows Rows, scope, slug, lock string) (p store.Platform, err error) {
	found, err := rows.first(selectPlatforms+` AND slug = $2 AND deleted_at IS NULL`+lock, []any{scope, slug}, func(r *stored.Row) { p = scanPlatform(r) })
	if err == nil && !found {
		err = job.Errorf(job.NotFound, "platform %q not found", slug).WithHint("schedctl platform list")
	}
	return p, err
}

func platforms(rows Rows, f store.PlatformFilter) (list []store.Platform, err error) {
	statement := selectPlatforms
	if !f.Deleted {
		statement += ` AND deleted_at IS NULL`
	}
	if f.Limited {
		statement += ` AND (deleted_at IS NOT NULL OR max_jobs IS NOT NULL OR max_running IS NOT NULL
			OR events_per_second IS NOT NULL OR creates_per_minute IS NOT NULL OR handlers IS NOT NULL)`
	}
	err = rows(statement+` ORDER BY slug`, []any{f.Scope}, func(r *stored.Row) error {
		list = append(list, scanPlatform(r))
		return nil
	})
	return list, err
}

func scanPlatform(r *stored.Row) store.Platform {
	p := store.Platform{Slug: r.Text(), Description: r.Text(), MaxJobs: intPtr(r), MaxRunning: intPtr(r), EventsPerSecond: intPtr(r), CreatesPerMinute: intPtr(r)}
	if text := r.Blob(); text != nil {
		p.Handlers = []string{}
		_ = json.Unmarshal(text, &p.Handlers) // what nobody can read allows nothing
	}
	p.CreatedAt, p.CreatedBy, p.UpdatedAt, p.UpdatedBy, p.DeletedAt = r.TimePtr(), r.Text(), r.TimePtr(), r.Text(), r.TimePtr()
	return p
}

func intPtr(r *stored.Row) *int {
	v := r.IntPtr()
	if v == nil {
		return nil
	}
	n := int(*v)
	return &n
}

// WantRoom refuses another job of a platform that has as many as p allows. live is the
// statement that counts them.
func WantRoom(rows Rows, live string, p *store.CreateJob) error {
	if p.MaxJobs == nil {
		return nil
	}
	has := 0
	if _, err := rows.first(live, []any{p.Job.Platform}, func(r *stored.Row) { has = int(r.Int()) }); err != nil {
		return err
	}
	if has < *p.MaxJobs {
		return nil
	}
	return job.Errorf(job.Conflict, "platform %q has %d job(s), and may have %d", p.Job.Platform, has, *p.MaxJobs).
		WithHint("delete jobs that nobody needs, or ask an admin for more: schedctl platform set %s --max-jobs N", p.Job.Platform)
}
