package postgres

import (
	"context"

	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/internal/stored"
)

// Record writes an entry of the context's trail.
func (s *Store) Record(ctx context.Context, n store.Note) error {
	return s.write(ctx, func(*tx) error {
		store.TrailOf(ctx).Note(n)
		return nil
	})
}

// recorded runs fn, and writes what it noted on the trail.
func recorded(trail *store.Trail, fn func(t *tx) error) func(t *tx) error {
	if trail == nil {
		return fn
	}
	return func(t *tx) error {
		trail.Restart()
		if err := fn(t); err != nil {
			return err
		}
		return t.record(trail)
	}
}

// record queues the entries of what was noted on the trail.
func (t *tx) record(trail *store.Trail) error {
	notes := trail.Notes()
	for i := range notes {
		values, err := stored.AuditRow(trail, &notes[i])
		if err != nil {
			return err
		}
		t.queue(stored.InsertAudit, values...)
	}
	return nil
}
