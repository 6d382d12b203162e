package sqlite

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// class is what waiting executions are indexed by: the job's platform and priority.
func (s *Store) class(c *conn, j *job.Job) (int64, error) {
	rank := code(priorities, j.Priority)
	if n, ok := s.tenants.Load(j.Platform); ok {
		return n.(int64)*4 + rank, nil
	}
	var n int64
	_, err := c.first(context.Background(), `SELECT seq FROM platforms WHERE slug = ?`, []any{j.Platform}, func(r *row) { n = r.int() })
	if err == nil && n > 0 {
		s.tenants.Store(j.Platform, n)
	}
	return n*4 + rank, err
}

const (
	// sqlClasses hops through the index executions_ready from class to class.
	sqlClasses = `WITH RECURSIVE classes (class) AS (
			SELECT min(class) FROM executions INDEXED BY executions_ready WHERE ready_at IS NOT NULL AND queued IS NULL
		UNION ALL
			SELECT (SELECT min(class) FROM executions INDEXED BY executions_ready
				WHERE ready_at IS NOT NULL AND queued IS NULL AND class > c.class) FROM classes c WHERE c.class IS NOT NULL)
		SELECT class FROM classes WHERE class IS NOT NULL`
	// sqlWaiting reads the oldest ready executions of one class.
	sqlWaiting = `SELECT e.k, e.lo, e.job, e.ready_at, c.revision FROM executions e INDEXED BY executions_ready JOIN cursors c ON c.job = e.job
		WHERE e.class = ? AND e.ready_at <= ? AND e.ready_at IS NOT NULL AND e.queued IS NULL ORDER BY e.ready_at LIMIT ?`
	// sqlWaitingWithout is sqlWaiting for when some handlers are to be left out: it looks at
	// the job of each row that it passes.
	sqlWaitingWithout = `SELECT e.k, e.lo, e.job, e.ready_at, c.revision FROM executions e INDEXED BY executions_ready JOIN cursors c ON c.job = e.job
		WHERE e.class = ? AND e.ready_at <= ? AND e.ready_at IS NOT NULL AND e.queued IS NULL
			AND (SELECT handler FROM jobs WHERE seq = e.job) NOT IN (SELECT value FROM json_each(?)) ORDER BY e.ready_at LIMIT ?`
	sqlNextReady = `SELECT min(ready_at) FROM executions INDEXED BY executions_ready
		WHERE class = ? AND ready_at > ? AND ready_at IS NOT NULL AND queued IS NULL`
)

// candidate is a waiting execution while the window is chosen.
type candidate struct {
	store.Waiting
	since time.Time // ready since, less the head start of its priority
	turn  int       // place within its platform
}

func waitingClasses(ctx context.Context, c *conn) (classes []int64, err error) {
	err = c.query(ctx, sqlClasses, nil, func(r *row) error {
		classes = append(classes, r.int())
		return nil
	})
	return classes, err
}

// Waiting returns executions to announce: the best effective priority first,
// platforms in turn. Its cost grows with limit and the number of platforms that
// wait, not with what waits; but for what it leaves out.
func (s *Store) Waiting(ctx context.Context, now time.Time, limit int, without ...string) ([]store.Waiting, error) {
	var found []candidate
	err := s.snapshot(ctx, func(c *conn) error {
		held, err := stopsAt(ctx, c, now)
		if err != nil || held.maintenance || held.all {
			return err
		}
		classes, err := waitingClasses(ctx, c)
		if err != nil {
			return err
		}
		if classes, err = s.startable(ctx, c, classes, &held); err != nil {
			return err
		}
		for _, class := range classes {
			if found, err = s.oldest(ctx, c, class, now, limit, without, found); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return window(found, limit), nil
}

// startable leaves out the classes of platforms whose dispatch is held.
func (s *Store) startable(ctx context.Context, c *conn, classes []int64, held *stops) ([]int64, error) {
	for platform := range held.platforms {
		var seq int64
		if _, err := c.first(ctx, `SELECT seq FROM platforms WHERE slug = ?`, []any{platform}, func(r *row) { seq = r.int() }); err != nil {
			return nil, err
		}
		classes = slices.DeleteFunc(classes, func(class int64) bool { return class/4 == seq })
	}
	return classes, nil
}

// oldest adds the longest-ready executions of one class.
func (s *Store) oldest(ctx context.Context, c *conn, class int64, now time.Time, limit int, without []string, found []candidate) ([]candidate, error) {
	type ready struct{ k, lo, seq, at, revision int64 }
	var rows []ready
	query, args := sqlWaiting, []any{class, now.UnixMicro(), limit}
	if len(without) > 0 {
		names, _ := json.Marshal(without) // a list of strings always marshals
		query, args = sqlWaitingWithout, []any{class, now.UnixMicro(), string(names), limit}
	}
	if err := c.query(ctx, query, args, func(r *row) error {
		rows = append(rows, ready{r.int(), r.int(), r.int(), r.int(), r.int()})
		return nil
	}); err != nil {
		return nil, err
	}
	for _, r := range rows {
		def, err := s.define(c, r.seq, r.revision)
		if err != nil {
			return nil, err
		}
		j := def.job
		found = append(found, candidate{
			Waiting: store.Waiting{ID: idOf(r.k, r.lo), ReadyAt: fromMicros(r.at), Platform: j.Platform, Priority: j.Priority, HandlerName: j.HandlerName},
			since:   fromMicros(r.at).Add(-job.HeadStart(j.Priority)),
		})
	}
	return found, nil
}

// window orders candidates by how long they have waited, head start included, within
// each platform, then takes one of each platform in turn.
func window(found []candidate, limit int) []store.Waiting {
	slices.SortStableFunc(found, func(a, b candidate) int {
		return cmp.Or(a.since.Compare(b.since), a.ReadyAt.Compare(b.ReadyAt), slices.Compare(a.ID[:], b.ID[:]))
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

// NextReady returns the earliest instant after now at which an execution is ready.
func (s *Store) NextReady(ctx context.Context, now time.Time) (at time.Time, err error) {
	err = s.snapshot(ctx, func(c *conn) error {
		classes, err := waitingClasses(ctx, c)
		if err != nil {
			return err
		}
		for _, class := range classes {
			if _, err := c.first(ctx, sqlNextReady, []any{class, now.UnixMicro()}, func(r *row) {
				if t := r.time(); !t.IsZero() && (at.IsZero() || t.Before(at)) {
					at = t
				}
			}); err != nil {
				return err
			}
		}
		return nil
	})
	return at, err
}
