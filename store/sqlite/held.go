package sqlite

import (
	"context"
	"encoding/binary"

	"github.com/agentic-sdlc/scheduler/store"
)

const sqlHeld = `SELECT e.lo, e.token, e.attempt, e.job, c.ending FROM executions e JOIN cursors c ON c.job = e.job
	WHERE e.k = ? AND e.session = ? AND e.status = 1`

// Held returns what runs for the session.
func (s *Store) Held(ctx context.Context, session int64) (held []store.Settlement, err error) {
	err = s.snapshot(ctx, func(c *conn) error {
		held = nil
		var keys []int64
		if err := c.query(ctx, `SELECT data FROM claims WHERE session = ? ORDER BY id`, []any{session}, func(r *row) error {
			for b := r.blob(); len(b) >= 8; b = b[8:] {
				keys = append(keys, int64(binary.BigEndian.Uint64(b)))
			}
			return nil
		}); err != nil {
			return err
		}
		for _, k := range keys {
			if _, err := c.first(ctx, sqlHeld, []any{k, session}, func(r *row) {
				held = append(held, store.Settlement{
					ID: idOf(k, r.int()), Session: session, Token: r.int(), Attempt: int(r.int()), Owner: r.int(), Ends: r.int() == 1,
				})
			}); err != nil {
				return err
			}
		}
		return nil
	})
	return held, err
}
