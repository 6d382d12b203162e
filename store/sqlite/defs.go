package sqlite

import (
	"context"
	"fmt"
	"time"

	"github.com/agentic-sdlc/scheduler/store/internal/stored"
)

// define returns the definition of a job at a revision; revision 0 means that of
// the row.
func (s *Store) define(c *conn, seq, revision int64) (*stored.Definition, error) {
	if revision > 0 {
		if def := s.defs.Get(seq, revision); def != nil {
			return def, nil
		}
	}
	var def *stored.Definition
	found, err := c.first(sqlJobBySeq, []any{seq}, func(r *row) { def = stored.Define(r) })
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, fmt.Errorf("job %d has a cursor but no row", seq)
	}
	s.defs.Put(def)
	return def, nil
}

const sqlJobBySeq = `SELECT ` + stored.JobColumns + ` FROM jobs j WHERE j.seq = ?`

// Warm loads the definitions that are needed soon and are not cached yet.
func (s *Store) Warm(ctx context.Context, until time.Time, limit int) error {
	limit = min(limit, stored.MaxDefinitions/2)
	return s.read(ctx, func(c *conn) error {
		var missing [][2]int64
		if err := c.query(`SELECT job, revision FROM cursors WHERE next_run <= ? ORDER BY next_run LIMIT ?`, []any{until.UnixMicro(), limit}, func(r *row) error {
			if seq, revision := r.Int(), r.Int(); s.defs.Get(seq, revision) == nil {
				missing = append(missing, [2]int64{seq, revision})
			}
			return nil
		}); err != nil {
			return err
		}
		for _, m := range missing {
			if ctx.Err() != nil {
				return nil
			}
			if _, err := s.define(c, m[0], m[1]); err != nil {
				return err
			}
		}
		return nil
	})
}
