package sqlite

import (
	"context"

	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/internal/stored"
)

// Record writes an entry of the context's trail.
func (s *Store) Record(ctx context.Context, n store.Note) error {
	return s.write(ctx, func(*conn) error {
		store.TrailOf(ctx).Note(n)
		return nil
	})
}

// recorded runs fn, and writes what it noted on the trail.
func recorded(trail *store.Trail, fn func(c *conn) error) func(c *conn) error {
	if trail == nil {
		return fn
	}
	return func(c *conn) error {
		trail.Restart()
		if err := fn(c); err != nil {
			return err
		}
		notes := trail.Notes()
		for i := range notes {
			values, err := stored.AuditRow(trail, &notes[i])
			if err != nil {
				return err
			}
			if _, err := c.exec(stored.InsertAudit, values...); err != nil {
				return err
			}
		}
		return nil
	}
}
