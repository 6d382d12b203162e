package sqlite

import (
	"context"

	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/internal/reads"
	"github.com/agentic-sdlc/scheduler/store/internal/writes"
)

// sqlLiveJobs counts the jobs of a platform that have not ended; steps of workflows are none.
const sqlLiveJobs = `SELECT count(*) FROM jobs j WHERE j.platform = $1 AND j.live = 1 AND j.type <> 4`

// CreatePlatform registers a platform.
func (s *Store) CreatePlatform(ctx context.Context, p store.Platform) (made store.Platform, err error) {
	err = s.write(ctx, func(c *conn) error {
		made, err = writes.CreatePlatform(c.changes(), &p, store.TrailOf(ctx))
		return err
	})
	return made, err
}

// Platform returns a platform that is in use.
func (s *Store) Platform(ctx context.Context, scope, slug string) (p store.Platform, err error) {
	err = s.read(ctx, func(c *conn) error {
		p, err = reads.Platform(c.query, scope, slug, "")
		return err
	})
	return p, err
}

// ListPlatforms returns platforms by name.
func (s *Store) ListPlatforms(ctx context.Context, f store.PlatformFilter) (list []store.Platform, err error) {
	err = s.read(ctx, func(c *conn) error {
		list, err = reads.Platforms(c.query, f)
		return err
	})
	return list, err
}

// ChangePlatform edits a platform.
func (s *Store) ChangePlatform(ctx context.Context, change store.ChangePlatform) (p store.Platform, err error) {
	err = s.write(ctx, func(c *conn) error {
		p, err = writes.ChangePlatform(c.changes(), &change, "", store.TrailOf(ctx))
		return err
	})
	return p, err
}

// DeletePlatform takes a platform out of use.
func (s *Store) DeletePlatform(ctx context.Context, d store.DeletePlatform) (p store.Platform, err error) {
	err = s.write(ctx, func(c *conn) error {
		p, err = writes.DeletePlatform(c.changes(), &d, sqlLiveJobs, "", store.TrailOf(ctx))
		return err
	})
	return p, err
}
