package postgres

import (
	"context"

	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/internal/reads"
	"github.com/agentic-sdlc/scheduler/store/internal/writes"
)

// sqlLiveJobs counts the jobs of a platform that have not ended; steps of workflows are none.
const sqlLiveJobs = `SELECT count(*) FROM jobs j JOIN cursors c ON c.job = j.seq WHERE j.platform = $1 AND j.live AND j.type <> 4 AND c.status NOT IN (3, 4, 5)`

// CreatePlatform registers a platform.
func (s *Store) CreatePlatform(ctx context.Context, p store.Platform) (made store.Platform, err error) {
	err = s.write(ctx, func(t *tx) error {
		made, err = writes.CreatePlatform(t.changes(), &p, store.TrailOf(ctx))
		return err
	})
	return made, err
}

// Platform returns a platform that is in use.
func (s *Store) Platform(ctx context.Context, scope, slug string) (p store.Platform, err error) {
	err = s.read(ctx, func(t *tx) error {
		p, err = reads.Platform(t.query, scope, slug, "")
		return err
	})
	return p, err
}

// ListPlatforms returns platforms by name.
func (s *Store) ListPlatforms(ctx context.Context, f store.PlatformFilter) (list []store.Platform, err error) {
	err = s.read(ctx, func(t *tx) error {
		list, err = reads.Platforms(t.query, f)
		return err
	})
	return list, err
}

// ChangePlatform edits a platform.
func (s *Store) ChangePlatform(ctx context.Context, change store.ChangePlatform) (p store.Platform, err error) {
	err = s.write(ctx, func(t *tx) error {
		p, err = writes.ChangePlatform(t.changes(), &change, " FOR UPDATE", store.TrailOf(ctx))
		return err
	})
	return p, err
}

// DeletePlatform takes a platform out of use.
func (s *Store) DeletePlatform(ctx context.Context, d store.DeletePlatform) (p store.Platform, err error) {
	err = s.write(ctx, func(t *tx) error {
		p, err = writes.DeletePlatform(t.changes(), &d, sqlLiveJobs, " FOR UPDATE", store.TrailOf(ctx))
		return err
	})
	return p, err
}
