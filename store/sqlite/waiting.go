package sqlite

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/agentic-sdlc/scheduler/store"
)

// ageing is how long an execution waits for its priority to rise by one.
const ageing = time.Minute

// sqlWaiting relies on the index executions_ready: the oldest first.
const sqlWaiting = `SELECT e.k, e.lo, e.job, e.ready_at, c.revision FROM executions e JOIN cursors c ON c.job = e.job
	WHERE e.ready_at <= ? AND e.ready_at IS NOT NULL AND e.queued IS NULL ORDER BY e.ready_at LIMIT ?`

// candidate is a waiting execution while the window is chosen.
type candidate struct {
	store.Waiting
	rank int64 // effective priority
	turn int   // place within its platform
}

// Waiting returns executions to announce: of the oldest ready ones, those of the
// best effective priority, platforms in turn.
func (s *Store) Waiting(ctx context.Context, now time.Time, limit int) ([]store.Waiting, error) {
	var found []candidate
	err := s.snapshot(ctx, func(c *conn) error {
		type ready struct{ k, lo, seq, at, revision int64 }
		var rows []ready
		if err := c.query(ctx, sqlWaiting, []any{now.UnixMicro(), 2*limit + 256}, func(r *row) error {
			rows = append(rows, ready{r.int(), r.int(), r.int(), r.int(), r.int()})
			return nil
		}); err != nil {
			return err
		}
		for _, r := range rows {
			def, err := s.define(c, r.seq, r.revision)
			if err != nil {
				return err
			}
			j := def.job
			found = append(found, candidate{
				Waiting: store.Waiting{ID: idOf(r.k, r.lo), ReadyAt: fromMicros(r.at), Platform: j.Platform, Priority: j.Priority, HandlerName: j.HandlerName},
				rank:    code(priorities, j.Priority) + (now.UnixMicro()-r.at)/ageing.Microseconds(),
			})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return window(found, limit), nil
}

// window orders candidates by priority within each platform, then takes one of each
// platform in turn.
func window(found []candidate, limit int) []store.Waiting {
	slices.SortStableFunc(found, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(b.rank, a.rank), a.ReadyAt.Compare(b.ReadyAt), slices.Compare(a.ID[:], b.ID[:]))
	})
	turns := map[string]int{}
	for i := range found {
		found[i].turn = turns[found[i].Platform]
		turns[found[i].Platform]++
	}
	if len(turns) > 1 {
		slices.SortStableFunc(found, func(a, b candidate) int { return cmp.Compare(a.turn, b.turn) })
	}
	list := make([]store.Waiting, 0, min(limit, len(found)))
	for i := range min(limit, len(found)) {
		list = append(list, found[i].Waiting)
	}
	return list
}
