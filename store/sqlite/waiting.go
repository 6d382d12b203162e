package sqlite

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/internal/stored"
)

// class is what waiting executions are indexed by: the job's platform and priority.
func (s *Store) class(c *conn, j *job.Job) (int64, error) {
	rank := stored.Code(stored.Priorities, j.Priority)
	if n, ok := s.tenants.Load(j.Platform); ok {
		return n.(int64)*4 + rank, nil
	}
	var n int64
	_, err := c.first(`SELECT seq FROM platforms WHERE slug = ?`, []any{j.Platform}, func(r *row) { n = r.Int() })
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

// Waiting returns executions to announce: the best effective priority first,
// platforms in turn. Its cost grows with limit and the number of platforms that
// wait, not with what waits; but for what it leaves out.
func (s *Store) Waiting(ctx context.Context, now time.Time, limit int, without ...string) ([]store.Waiting, error) {
	var found []stored.Candidate
	var held stored.Stops
	err := s.snapshot(ctx, func(c *conn) (err error) {
		held, err = stopsAt(c, now)
		if err != nil || held.Maintenance || held.All {
			return err
		}
		classes, err := c.ints(sqlClasses)
		if err != nil {
			return err
		}
		if classes, err = startable(c, classes, &held); err != nil {
			return err
		}
		for _, class := range classes {
			if found, err = s.oldest(c, class, now, limit, without, found); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return stored.Window(found, limit, held.Rooms), nil
}

// startable leaves out the classes of platforms whose dispatch is held.
func startable(c *conn, classes []int64, held *stored.Stops) ([]int64, error) {
	for platform := range held.Platforms {
		var seq int64
		if _, err := c.first(`SELECT seq FROM platforms WHERE slug = ?`, []any{platform}, func(r *row) { seq = r.Int() }); err != nil {
			return nil, err
		}
		classes = slices.DeleteFunc(classes, func(class int64) bool { return class/4 == seq })
	}
	return classes, nil
}

// oldest adds the longest-ready executions of one class.
func (s *Store) oldest(c *conn, class int64, now time.Time, limit int, without []string, found []stored.Candidate) ([]stored.Candidate, error) {
	type ready struct{ k, lo, seq, at, revision int64 }
	var rows []ready
	query, args := sqlWaiting, []any{class, now.UnixMicro(), limit}
	if len(without) > 0 {
		names, _ := json.Marshal(without) // a list of strings always marshals
		query, args = sqlWaitingWithout, []any{class, now.UnixMicro(), string(names), limit}
	}
	if err := c.query(query, args, func(r *row) error {
		rows = append(rows, ready{r.Int(), r.Int(), r.Int(), r.Int(), r.Int()})
		return nil
	}); err != nil {
		return nil, err
	}
	for _, r := range rows {
		def, err := s.define(c, r.seq, r.revision)
		if err != nil {
			return nil, err
		}
		j := def.Job
		found = append(found, stored.Candidate{
			Waiting: store.Waiting{ID: stored.IDOf(r.k, r.lo), ReadyAt: stored.Time(r.at), Platform: j.Platform, Priority: j.Priority, HandlerName: j.Runner()},
			Since:   stored.Time(r.at).Add(-job.HeadStart(j.Priority)),
		})
	}
	return found, nil
}

// NextReady returns the earliest instant after now at which an execution is ready.
func (s *Store) NextReady(ctx context.Context, now time.Time) (at time.Time, err error) {
	err = s.snapshot(ctx, func(c *conn) error {
		classes, err := c.ints(sqlClasses)
		if err != nil {
			return err
		}
		for _, class := range classes {
			if _, err := c.first(sqlNextReady, []any{class, now.UnixMicro()}, func(r *row) {
				if t := r.Time(); !t.IsZero() && (at.IsZero() || t.Before(at)) {
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
