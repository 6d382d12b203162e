package writes

import (
	"context"
	"encoding/json"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/internal/reads"
	"github.com/agentic-sdlc/scheduler/store/internal/stored"
)

// AddPlatform makes the row of a platform, unless it is there.
const AddPlatform = `INSERT INTO platforms (slug) VALUES ($1) ON CONFLICT (slug) DO NOTHING`

// CreatePlatform registers a platform.
func (w *Writer) CreatePlatform(ctx context.Context, p store.Platform) (store.Platform, error) {
	return change(ctx, w, func(t Tx) (store.Platform, error) {
		made := p
		return createPlatform(t, &made, store.TrailOf(ctx))
	})
}

// ChangePlatform edits a platform.
func (w *Writer) ChangePlatform(ctx context.Context, c store.ChangePlatform) (store.Platform, error) {
	return change(ctx, w, func(t Tx) (store.Platform, error) {
		return w.dialect.changePlatform(t, &c, store.TrailOf(ctx))
	})
}

// DeletePlatform takes a platform out of use.
func (w *Writer) DeletePlatform(ctx context.Context, d store.DeletePlatform) (store.Platform, error) {
	return change(ctx, w, func(t Tx) (store.Platform, error) {
		return w.dialect.deletePlatform(t, &d, store.TrailOf(ctx))
	})
}

func createPlatform(t Tx, p *store.Platform, trail *store.Trail) (store.Platform, error) {
	if _, err := t.Exec(AddPlatform, p.Slug); err != nil {
		return *p, err
	}
	n, err := t.Exec(`UPDATE platforms SET created_at = $1, created_by = $2, deleted_at = NULL WHERE slug = $3 AND (created_at IS NULL OR deleted_at IS NOT NULL)`,
		stored.MicrosPtr(p.CreatedAt), p.CreatedBy, p.Slug)
	if err == nil && n == 0 {
		err = job.Errorf(job.Conflict, "there is a platform %q already", p.Slug).WithHint("change it with schedctl platform set, or choose another name")
	}
	if err != nil {
		return *p, err
	}
	trail.Note(stored.NotePlatform(nil, p))
	return writePlatform(t, p, nil)
}

func (d *Dialect) changePlatform(t Tx, c *store.ChangePlatform, trail *store.Trail) (store.Platform, error) {
	p, err := reads.Platform(t.Query, c.Scope, c.Slug, d.ForUpdate)
	if err != nil {
		return p, err
	}
	before := p
	if err := c.Change(&p); err != nil {
		return p, err
	}
	trail.Note(stored.NotePlatform(&before, &p))
	at := stored.Cut(c.Now)
	p.UpdatedAt, p.UpdatedBy = &at, c.By
	return writePlatform(t, &p, before.MaxRunning)
}

// writePlatform writes what is said of a platform; had is the limit of running executions
// that it had.
func writePlatform(t Tx, p *store.Platform, had *int) (store.Platform, error) {
	var handlers any
	if p.Handlers != nil {
		text, err := json.Marshal(p.Handlers)
		if err != nil {
			return *p, err
		}
		handlers = text
	}
	if _, err := t.Exec(`UPDATE platforms SET description = $1, max_jobs = $2, max_running = $3, events_per_second = $4, creates_per_minute = $5, handlers = $6,
		updated_at = $7, updated_by = $8 WHERE slug = $9`, p.Description, limit(p.MaxJobs), limit(p.MaxRunning), limit(p.EventsPerSecond), limit(p.CreatesPerMinute), handlers,
		stored.MicrosPtr(p.UpdatedAt), p.UpdatedBy, p.Slug); err != nil {
		return *p, err
	}
	switch {
	case p.MaxRunning == nil:
		_, err := t.Exec(`DELETE FROM limited_runs WHERE platform = (SELECT seq FROM platforms WHERE slug = $1)`, p.Slug)
		return *p, err
	case had == nil:
		return *p, countRunning(t, p.Slug)
	}
	return *p, nil
}

func limit(n *int) any {
	if n == nil {
		return nil
	}
	return int64(*n)
}

// countRunning begins to count what runs already.
func countRunning(t Tx, slug string) error {
	var keys []int64
	if err := t.Query(`SELECT data FROM claims`, nil, func(r *stored.Row) error {
		keys = append(keys, stored.Keys(r.Take())...)
		return nil
	}); err != nil {
		return err
	}
	for _, k := range keys {
		if _, err := t.Exec(`INSERT INTO limited_runs (platform, k) SELECT p.seq, e.k FROM executions e JOIN jobs j ON j.seq = e.job JOIN platforms p ON p.slug = j.platform
			WHERE e.k = $1 AND e.status = 1 AND p.slug = $2 ON CONFLICT DO NOTHING`, k, slug); err != nil {
			return err
		}
	}
	return nil
}

func (d *Dialect) deletePlatform(t Tx, c *store.DeletePlatform, trail *store.Trail) (store.Platform, error) {
	p, err := reads.Platform(t.Query, c.Scope, c.Slug, d.ForUpdate)
	if err != nil {
		return p, err
	}
	if p.Slug == job.DefaultPlatform {
		return p, job.Errorf(job.Conflict, "the platform %q is always there", p.Slug)
	}
	var jobs int64
	if _, err := t.first(d.LiveJobs, []any{p.Slug}, func(r *stored.Row) { jobs = r.Int() }); err != nil {
		return p, err
	}
	if jobs > 0 {
		return p, job.Errorf(job.Conflict, "platform %q has %d job(s) that have not ended", p.Slug, jobs).
			WithHint("delete them first: schedctl job delete --all --platform %s", p.Slug)
	}
	trail.Note(stored.NotePlatform(&p, nil))
	at := stored.Cut(c.Now)
	p.DeletedAt, p.UpdatedAt, p.UpdatedBy = &at, &at, c.By
	if _, err := t.Exec(`UPDATE platforms SET deleted_at = $1, updated_at = $2, updated_by = $3 WHERE slug = $4`, at.UnixMicro(), at.UnixMicro(), c.By, p.Slug); err != nil {
		return p, err
	}
	_, err = t.Exec(`UPDATE tokens SET revoked_at = $1, revoked_by = $2 WHERE platform = $3 AND revoked_at IS NULL`, at.UnixMicro(), c.By, p.Slug)
	return p, err
}
