package postgres

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store/internal/stored"
)

const (
	// sqlEndJobs: a one-time job whose last execution did not succeed for good has failed,
	// others are completed. The name of the job is free from then on: see freeName.
	sqlEndJobs = `UPDATE cursors c SET ending = false, next_run = NULL, live = NULL, revision = c.revision + 1, ended_at = $2,
			status = CASE WHEN (SELECT j.type FROM jobs j WHERE j.seq = c.job) = 1
				AND (SELECT e.status FROM executions e WHERE e.job = c.job ORDER BY e.n DESC LIMIT 1) IN (3, 4) THEN 4 ELSE 3 END
		FROM unnest($1::bigint[]) AS u (seq) WHERE c.job = u.seq RETURNING c.job, c.status`
)

// endJobs writes the end of those of the locked jobs whose schedule has ended and
// whose executions are all over; over are executions known to be. It returns how many
// ended.
func endJobs(t *tx, cursors []*cursor, over map[int64]bool, now time.Time, events *stored.Events) (int, error) {
	var seqs, unsure []int64
	for _, c := range cursors {
		if !c.ending {
			continue
		}
		seqs = append(seqs, c.seq)
		for _, k := range c.live {
			if !over[k] {
				unsure = append(unsure, k)
			}
		}
	}
	if len(seqs) == 0 {
		return 0, nil
	}
	slices.Sort(seqs)
	seqs = slices.Compact(seqs)
	busy := map[int64]bool{}
	note := func(r *row) error {
		busy[r.Int()] = true
		return nil
	}
	if len(unsure) > 0 {
		t.queueQuery(`SELECT job FROM executions WHERE k = ANY ($1::bigint[]) AND status <= 1`, []any{unsure}, note)
	}
	if err := t.query(`SELECT job FROM waiting WHERE job = ANY ($1::bigint[]) AND queued IS NOT NULL`, []any{seqs}, note); err != nil {
		return 0, err
	}
	if seqs = slices.DeleteFunc(seqs, func(seq int64) bool { return busy[seq] }); len(seqs) == 0 {
		return 0, nil
	}
	ended := 0
	t.scan(sqlEndJobs, []any{seqs, now.UnixMicro()}, func(r pgx.Rows) error {
		var seq, status int64
		if err := r.Scan(&seq, &status); err != nil {
			return err
		}
		events.Job(seq, endEvent(status), "")
		ended++
		return nil
	})
	return ended, t.flush()
}

func endEvent(status int64) string {
	if status == stored.JobFailed {
		return "scheduler:job.failed"
	}
	return "scheduler:job.completed"
}

// CompleteJobs ends the jobs that can be ended.
func (s *Store) CompleteJobs(ctx context.Context, now time.Time) (int, error) {
	var seqs []int64
	if err := s.read(ctx, func(t *tx) error {
		seqs = nil
		return t.query(`SELECT job FROM cursors WHERE ending ORDER BY job LIMIT 1000`, nil, func(r *row) error {
			seqs = append(seqs, r.Int())
			return nil
		})
	}); err != nil || len(seqs) == 0 {
		return 0, err
	}
	ended := 0
	err := s.write(ctx, func(t *tx) error {
		locked, err := lockCursors(t, seqs)
		if err != nil {
			return err
		}
		var events stored.Events
		ended, err = endJobs(t, ordered(locked), nil, now, &events)
		writeEvents(t, &events, now)
		return err
	})
	return ended, err
}

// ordered returns cursors by job.
func ordered(locked map[int64]*cursor) []*cursor {
	list := make([]*cursor, 0, len(locked))
	for _, c := range locked {
		list = append(list, c)
	}
	slices.SortFunc(list, func(a, b *cursor) int { return int(a.seq - b.seq) })
	return list
}

// promote gives free places of locked jobs to their queued executions, oldest first,
// and returns how many got one. over are executions known to be over.
func (s *Store) promote(t *tx, cursors []*cursor, over map[int64]bool, now time.Time) (int, error) {
	if len(cursors) == 0 {
		return 0, nil
	}
	var seqs, live []int64
	var wanted []want
	for _, c := range cursors {
		seqs, wanted = append(seqs, c.seq), append(wanted, want{c.seq, c.revision})
		for _, k := range c.live {
			if !over[k] {
				live = append(live, k)
			}
		}
	}
	queued, beside := map[int64][]int64{}, map[int64][]int64{}
	if err := t.query(`SELECT q.job, q.k, q.queued FROM unnest($1::bigint[]) AS u (job),
		LATERAL (SELECT w.job, w.k, w.queued FROM waiting w WHERE w.job = u.job AND w.queued <> 2 AND w.queued IS NOT NULL ORDER BY w.k LIMIT 1000) AS q`, []any{seqs}, func(r *row) error {
		seq := r.Int()
		queued[seq], beside[seq] = append(queued[seq], r.Int()), append(beside[seq], r.Int())
		return nil
	}); err != nil || len(queued) == 0 {
		return 0, err
	}
	defs, err := s.define(t, wanted)
	if err != nil {
		return 0, err
	}
	live, err = stillLive(t, sqlLive, live)
	if err != nil {
		return 0, err
	}
	promoted := 0
	for _, c := range cursors {
		def, waiting := defs[c.seq], queued[c.seq]
		if def == nil || len(waiting) == 0 || def.job.Status == job.JobPaused { // a paused job's wait until it is resumed
			continue
		}
		c.live = slices.DeleteFunc(c.live, func(k int64) bool { return !slices.Contains(live, k) })
		n := 0
		for n < len(waiting) && len(c.live)+n < stored.Places(beside[c.seq][n], def.job.Places()) {
			n++
		}
		if n == 0 {
			continue
		}
		t.queue(`UPDATE waiting SET queued = NULL, ready_at = greatest(ready_at, $1) WHERE k = ANY ($2::bigint[])`, now.UnixMicro(), waiting[:n])
		c.live = append(c.live, waiting[:n]...)
		t.queue(`UPDATE cursors SET live = $1 WHERE job = $2`, packLive(c.live), c.seq)
		promoted += n
	}
	return promoted, nil
}

// breakJob takes a job whose definition cannot be used out of planning, so that it
// harms no other.
func breakJob(t *tx, def *definition, now time.Time, events *stored.Events) {
	reason := "it has no schedule"
	if def.err != nil {
		reason = def.err.Error()
	}
	t.queue(`UPDATE jobs SET reason = $1, updated_at = $2 WHERE seq = $3`, reason, now.UnixMicro(), def.seq)
	t.queue(`UPDATE epochs SET until_at = (SELECT next_run - 1000000 FROM cursors WHERE job = $1) WHERE job = $1 AND until_at IS NULL`, def.seq)
	t.queue(`UPDATE cursors SET next_run = NULL, revision = revision + 1, status = 6 WHERE job = $1`, def.seq)
	events.Job(def.seq, "scheduler:job.error", "")
}

// sqlCancels asks running executions to stop, once each. It waits for those that are
// about to end, and then leaves them alone.
const sqlCancels = `INSERT INTO cancels (k, session, requested_at, requested_by, reason)
	SELECT e.k, e.session, $1, $2, $3 FROM (SELECT k, session FROM executions WHERE k = ANY ($4::bigint[]) AND status = 1 ORDER BY k FOR SHARE) AS e
	ON CONFLICT DO NOTHING`

func requestCancels(t *tx, keys []int64, now time.Time, by, reason string) {
	if len(keys) > 0 {
		t.queue(sqlCancels, now.UnixMicro(), by, reason, keys)
	}
}
