package postgres

import (
	"context"

	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/internal/stored"
)

const sqlHeld = `SELECT e.k, e.lo, e.token, e.attempt, e.job, c.ending
	FROM executions e, LATERAL (SELECT ending FROM cursors WHERE job = e.job OFFSET 0) AS c
	WHERE e.k = ANY ($1::bigint[]) AND e.session = $2 AND e.status = 1 ORDER BY e.k`

// Held returns what runs for the session.
func (s *Store) Held(ctx context.Context, session int64) (held []store.Settlement, err error) {
	err = s.snapshot(ctx, func(t *tx) error {
		held = nil
		var keys []int64
		if err := t.query(`SELECT data FROM claims WHERE session = $1`, []any{session}, func(r *row) error {
			keys = stored.UnpackKeys(r.Blob(), keys)
			return nil
		}); err != nil {
			return err
		}
		return t.query(sqlHeld, []any{keys, session}, func(r *row) error {
			held = append(held, store.Settlement{
				ID: stored.IDOf(r.Int(), r.Int()), Session: session, Token: r.Int(), Attempt: int(r.Int()), Owner: r.Int(), Ends: r.Int() == 1,
			})
			return nil
		})
	})
	return held, err
}
