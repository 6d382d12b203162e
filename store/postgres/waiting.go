package postgres

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/internal/stored"
)

// class is what waiting executions are indexed by: the job's platform and priority.
func (s *Store) class(t *tx, j *job.Job) (int64, error) {
	rank := stored.Code(stored.Priorities, j.Priority)
	if n, ok := s.tenants.Load(j.Platform); ok {
		return n.(int64)*4 + rank, nil
	}
	var n int64
	_, err := t.first(`SELECT seq FROM platforms WHERE slug = $1`, []any{j.Platform}, func(r *row) { n = r.Int() })
	if err == nil && n > 0 {
		s.tenants.Store(j.Platform, n)
	}
	return n*4 + rank, err
}

const (
	// sqlClasses hops through the index waiting_ready from class to class.
	sqlClasses = `WITH RECURSIVE classes (class) AS (
			(SELECT class FROM waiting WHERE queued IS NULL ORDER BY class LIMIT 1)
		UNION ALL
			SELECT (SELECT w.class FROM waiting w WHERE w.queued IS NULL AND w.class > c.class ORDER BY w.class LIMIT 1)
			FROM classes c WHERE c.class IS NOT NULL)
		`
	// sqlWaiting reads the oldest ready executions of each class.
	sqlWaiting = sqlClasses + `SELECT w.k, w.lo, w.job, w.ready_at, c.revision FROM classes, LATERAL (SELECT w.k, w.lo, w.job, w.ready_at FROM waiting w
			WHERE w.class = classes.class AND w.ready_at <= $1 AND w.queued IS NULL ORDER BY w.ready_at LIMIT $2) AS w,
			LATERAL (SELECT c.revision FROM cursors c WHERE c.job = w.job OFFSET 0) AS c
		WHERE classes.class / 4 <> ALL (ARRAY(SELECT seq FROM platforms WHERE slug = ANY ($3::text[])))`
	// sqlWaitingWithout is sqlWaiting for when some handlers are to be left out: it looks at
	// the job of each row that it passes.
	sqlWaitingWithout = sqlClasses + `SELECT w.k, w.lo, w.job, w.ready_at, c.revision FROM classes, LATERAL (SELECT w.k, w.lo, w.job, w.ready_at FROM waiting w
			WHERE w.class = classes.class AND w.ready_at <= $1 AND w.queued IS NULL
				AND (SELECT handler <> ALL ($4::text[]) FROM jobs WHERE seq = w.job) ORDER BY w.ready_at LIMIT $2) AS w,
			LATERAL (SELECT c.revision FROM cursors c WHERE c.job = w.job OFFSET 0) AS c
		WHERE classes.class / 4 <> ALL (ARRAY(SELECT seq FROM platforms WHERE slug = ANY ($3::text[])))`
	sqlNextReady = sqlClasses + `SELECT min(w.ready_at) FROM classes, LATERAL (SELECT w.ready_at FROM waiting w
			WHERE w.class = classes.class AND w.ready_at > $1 AND w.queued IS NULL ORDER BY w.ready_at LIMIT 1) AS w`
)

// planned reads with the settings of writers, in a transaction that writes nothing:
// the plans of what the dispatcher asks for must not depend on how full a table was.
func (s *Store) planned(ctx context.Context, fn func(t *tx) error) error {
	return s.read(ctx, func(t *tx) error {
		t.queue("BEGIN READ ONLY")
		t.queue("SELECT " + writerSettings)
		if s.pooled {
			t.queue(s.timeouts)
		}
		err := fn(t)
		_ = t.rollback()
		return err
	})
}

// Waiting returns executions to announce: the best effective priority first,
// platforms in turn. Its cost grows with limit and the number of platforms that
// wait, not with what waits; but for what it leaves out.
func (s *Store) Waiting(ctx context.Context, now time.Time, limit int, without ...string) ([]store.Waiting, error) {
	type ready struct{ k, lo, seq, at int64 }
	var found []stored.Candidate
	var held stored.Stops
	err := s.planned(ctx, func(t *tx) error {
		found = found[:0]
		held = stored.Stops{}
		queueStops(t, now, &held)
		if err := t.flush(); err != nil || held.Maintenance || held.All {
			return err
		}
		rows, wanted := make([]ready, 0, min(limit, 1024)), make([]want, 0, min(limit, 1024))
		var one ready // for all rows
		var revision int64
		query, args := sqlWaiting, []any{now.UnixMicro(), int64(limit), slices.AppendSeq([]string{}, maps.Keys(held.Platforms))}
		if len(without) > 0 {
			query, args = sqlWaitingWithout, append(args, without)
		}
		t.scan(query, args, func(r pgx.Rows) error {
			err := r.Scan(&one.k, &one.lo, &one.seq, &one.at, &revision)
			rows, wanted = append(rows, one), append(wanted, want{one.seq, revision})
			return err
		})
		if err := t.flush(); err != nil {
			return err
		}
		defs, err := s.define(t, wanted)
		if err != nil {
			return err
		}
		found = slices.Grow(found, len(rows))
		for _, r := range rows {
			def := defs[r.seq]
			if def == nil {
				continue
			}
			j := def.job
			found = append(found, stored.Candidate{
				Waiting: store.Waiting{ID: stored.IDOf(r.k, r.lo), ReadyAt: stored.Time(r.at), Platform: j.Platform, Priority: j.Priority, HandlerName: j.Runner()},
				Since:   stored.Time(r.at).Add(-job.HeadStart(j.Priority)),
			})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return stored.Window(found, limit, held.Rooms), nil
}

// NextReady returns the earliest instant after now at which an execution is ready.
func (s *Store) NextReady(ctx context.Context, now time.Time) (at time.Time, err error) {
	err = s.planned(ctx, func(t *tx) error {
		_, err := t.first(sqlNextReady, []any{now.UnixMicro()}, func(r *row) { at = r.Time() })
		return err
	})
	return at, err
}
