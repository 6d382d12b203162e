package sqlite

import (
	"context"

	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/internal/stored"
)

const sqlHeld = `SELECT e.lo, e.token, e.attempt, e.job, c.ending FROM executions e JOIN cursors c ON c.job = e.job
	WHERE e.k = ? AND e.session = ? AND e.status = 1`

// Held returns what runs for the session.
func (s *Store) Held(ctx context.Context, session int64) (held []store.Settlement, err error) {
	err = s.snapshot(ctx, func(c *conn) error {
		var keys []int64
		if err := c.query(`SELECT data FROM claims WHERE session = ? ORDER BY id`, []any{session}, func(r *row) error {
			keys = stored.UnpackKeys(r.Blob(), keys)
			return nil
		}); err != nil {
			return err
		}
		for _, k := range keys {
			if _, err := c.first(sqlHeld, []any{k, session}, func(r *row) {
				held = append(held, store.Settlement{
					ID: stored.IDOf(k, r.Int()), Session: session, Token: r.Int(), Attempt: int(r.Int()), Owner: r.Int(), Ends: r.Int() == 1,
				})
			}); err != nil {
				return err
			}
		}
		return nil
	})
	return held, err
}
