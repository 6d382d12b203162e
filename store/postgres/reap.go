package postgres

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/agentic-sdlc/scheduler/internal/mutant"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/internal/stored"
)

// Reap takes the executions of dead sessions away from them.
func (s *Store) Reap(ctx context.Context, now time.Time, limit int) (store.Reaped, error) {
	var run *reaping
	err := s.write(ctx, func(t *tx) error {
		exact := true
		run = &reaping{settling: settling{s: s, t: t, now: now, locks: map[int64]bool{}, exact: &exact}, limit: limit}
		return run.all()
	})
	if err != nil {
		return store.Reaped{}, err
	}
	return run.reaped, nil
}

// reaping is the state of one Reap: losses settle like any other end.
type reaping struct {
	settling
	limit  int
	reaped store.Reaped
	keys   []int64 // of the claims that are reaped
	claims []int64
	closed []int64 // sessions that hold nothing any more
}

const (
	// sqlDeadSessions leaves out those that another node reaps, or that heartbeat now.
	sqlDeadSessions = `SELECT id FROM sessions WHERE closed_at IS NULL AND lease_until < $1 ORDER BY id FOR UPDATE SKIP LOCKED`
	sqlLost         = `SELECT e.k, e.lo, e.job, e.session, e.token, e.attempt, e.lost, e.started_at, c.revision, c.ending
		FROM executions e, LATERAL (SELECT revision, ending FROM cursors WHERE job = e.job OFFSET 0) AS c
		WHERE e.k = ANY ($1::bigint[]) AND e.session = ANY ($2::bigint[]) AND e.status = 1 ORDER BY e.k`
)

func (r *reaping) all() error {
	var dead []int64
	if mutant.Active == mutant.ReapAny {
		r.now = r.now.Add(time.Minute)
	}
	if err := r.t.query(sqlDeadSessions, []any{r.now.UnixMicro()}, func(row *row) error {
		dead = append(dead, row.Int())
		return nil
	}); err != nil || len(dead) == 0 {
		return err
	}
	for _, session := range dead {
		r.t.queue(`SELECT pg_advisory_xact_lock($1)`, session) // claims under way can be seen then
	}
	for _, session := range dead {
		if err := r.take(session); err != nil {
			return err
		}
	}
	batch, err := r.losses(dead)
	if err != nil {
		return err
	}
	r.settling.done = nil
	if err := r.settling.all(batch); err != nil {
		return err
	}
	r.count(batch)
	if len(r.claims) > 0 {
		r.t.queue(`DELETE FROM claims WHERE id = ANY ($1::bigint[])`, r.claims)
	}
	if len(r.closed) > 0 {
		r.t.queue(`DELETE FROM duties WHERE session = ANY ($1::bigint[])`, r.closed)
		r.t.queue(`UPDATE sessions SET closed_at = $1, running = 0 WHERE id = ANY ($2::bigint[])`, r.now.UnixMicro(), r.closed)
	}
	return nil
}

// take chooses claims of one dead session up to the limit. A session whose last claim
// is taken is closed.
func (r *reaping) take(session int64) error {
	if r.reaped.More {
		return nil
	}
	full := false
	if err := r.t.query(`SELECT id, data FROM claims WHERE session = $1 ORDER BY id LIMIT 1000`, []any{session}, func(row *row) error {
		if len(r.keys) >= r.limit {
			full = true
			return errStop
		}
		r.claims = append(r.claims, row.Int())
		r.keys = stored.UnpackKeys(row.Blob(), r.keys)
		return nil
	}); err != nil {
		return err
	}
	if full {
		r.reaped.More = true
		return nil
	}
	r.reaped.Sessions++
	r.closed = append(r.closed, session)
	return nil
}

// losses locks the jobs of what was lost and decides over each execution.
func (r *reaping) losses(dead []int64) ([]store.Settlement, error) {
	if len(r.keys) == 0 {
		return nil, nil
	}
	slices.Sort(r.keys)
	var owners []int64
	if err := r.t.query(`SELECT DISTINCT job FROM executions WHERE k = ANY ($1::bigint[])`, []any{r.keys}, func(row *row) error {
		owners = append(owners, row.Int())
		return nil
	}); err != nil {
		return nil, err
	}
	for _, seq := range owners {
		r.locks[seq] = true
	}
	if _, err := lockCursors(r.t, owners); err != nil {
		return nil, err
	}
	var batch []store.Settlement
	var lost []int
	var wanted []want
	r.t.scan(sqlLost, []any{r.keys, dead}, func(rows pgx.Rows) error {
		var k, lo int64
		var started *int64
		var count int
		var t store.Settlement
		var w want
		if err := rows.Scan(&k, &lo, &t.Owner, &t.Session, &t.Token, &t.Attempt, &count, &started, &w.revision, &t.Ends); err != nil {
			return err
		}
		t.ID, t.CompletedAt, w.seq = stored.IDOf(k, lo), r.now, t.Owner
		if started != nil {
			t.StartedAt = stored.Time(*started)
		}
		batch, lost, wanted = append(batch, t), append(lost, count), append(wanted, w)
		return nil
	})
	if err := r.t.flush(); err != nil {
		return nil, err
	}
	defs, err := r.s.define(r.t, wanted)
	if err != nil {
		return nil, err
	}
	var abandoned []int64
	for i := range batch {
		t := &batch[i]
		stored.Lose(t, &defs[t.Owner].job.Spec, lost[i]+1)
		if t.Event == job.EventAbandon {
			k, _ := stored.KeyOf(t.ID)
			abandoned = append(abandoned, k)
		}
	}
	if len(abandoned) > 0 {
		r.t.queue(`UPDATE executions e SET lost = e.lost + 1 FROM unnest($1::bigint[]) AS u (k) WHERE e.k = u.k AND e.status = 1 AND e.session = ANY ($2::bigint[])`, abandoned, dead)
	}
	return batch, nil
}

// count tells what became of the losses.
func (r *reaping) count(batch []store.Settlement) {
	for i := range batch {
		switch {
		case !r.done[i]:
		case batch[i].Event == job.EventAbandon:
			r.reaped.Failed++
		default:
			r.reaped.Restarted++
		}
	}
}
