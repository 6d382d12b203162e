package postgres

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/agentic-sdlc/scheduler/internal/mutant"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/internal/stored"
)

// queueAlive finds out whether a session may claim: it is open, its lease holds and
// its node does not drain.
// The shared lock keeps the reaper away until this transaction's claims can be seen;
// heartbeats do not wait for it.
func queueAlive(t *tx, session int64, now time.Time, alive *bool) {
	t.queue(`SELECT pg_advisory_xact_lock_shared($1)`, session)
	t.queueQuery(`SELECT 1 FROM sessions WHERE id = $1 AND closed_at IS NULL AND lease_until > $2
		AND NOT EXISTS (SELECT 1 FROM drains WHERE node = sessions.node)`, []any{session, now.UnixMicro()}, func(*row) error {
		*alive = true
		return nil
	})
}

// queueClaims writes the row that finds the executions should the session die.
func queueClaims(t *tx, session int64, keys []int64, batch *int64) {
	t.scan(`INSERT INTO claims (session, data) VALUES ($1, $2) RETURNING id`, []any{session, stored.PackKeys(keys)}, func(r pgx.Rows) error { return r.Scan(batch) })
}

const (
	// sqlClaimable locks executions that are ready, in the order in which everybody does.
	// What jobs look like is read by sqlOwners, after the locks. queued IS NULL would let
	// the planner walk through all that waits, once for each key.
	sqlClaimable = `SELECT e.k, e.lo, e.job, e.n, e.at, e.trigger, e.attempt, e.retries, e.lost, e.token, e.occurrence, e.created_at
		FROM unnest($1::bigint[], $2::bigint[]) WITH ORDINALITY AS u (k, lo, i) JOIN executions e ON e.k = u.k AND e.lo = u.lo
		WHERE e.status = 0 AND coalesce(e.queued, 0) = 0 AND e.ready_at <= $3 ORDER BY u.i FOR UPDATE OF e`
	sqlOwners = `SELECT job, revision, ending FROM cursors WHERE job = ANY ($1::bigint[])`
	sqlClaim  = `UPDATE executions e SET status = 1, attempt = e.attempt + 1, token = e.token + 1, session = $2, ready_at = NULL,
			first_start = CASE WHEN e.attempt > 0 THEN coalesce(e.first_start, e.started_at) END, started_at = $3
		FROM unnest($1::bigint[]) AS u (k) WHERE e.k = u.k`
	sqlInputs = `SELECT k, payload, trace_id, parent_span FROM execution_inputs WHERE k = ANY ($1::bigint[])`
)

// claiming is the state of one Claim.
type claiming struct {
	s     *Store
	t     *tx
	p     *store.Claim
	taker *taker
	held  stops
	out   []store.Claimed
	batch int64
}

// Claim gives ready executions to a session.
func (s *Store) Claim(ctx context.Context, p store.Claim) ([]store.Claimed, error) {
	if len(p.IDs) == 0 {
		return nil, nil
	}
	asked := taker{ask: p.Take}
	if p.Take == nil {
		asked.ask = func(*job.Job) bool { return true }
	}
	var run *claiming
	err := s.writeWithin(context.WithoutCancel(ctx), fresh, func(t *tx) error {
		asked.again()
		run = &claiming{s: s, t: t, p: &p, taker: &asked}
		return run.all()
	})
	if err != nil {
		return nil, err
	}
	if len(run.out) > 0 {
		s.batches.Open(run.batch, len(run.out))
	}
	for i := range run.out {
		run.out[i].Batch = run.batch
	}
	return run.out, nil
}

func (c *claiming) all() error {
	found, err := c.find()
	if err != nil {
		return err
	}
	keys, inputs, err := c.choose(found)
	if err != nil {
		return err
	}
	if len(c.taker.left()) > 0 { // the caller took more than there is now: it must free what it took
		return job.Errorf(job.Unavailable, "the store was away while it was claimed from")
	}
	if len(keys) == 0 {
		return nil
	}
	if err := c.inputs(inputs); err != nil {
		return err
	}
	var events stored.Events
	for i := range c.out {
		o := &c.out[i]
		events.Started(stored.Run{Job: o.Owner, ID: o.ID, Number: o.Number}, o.Attempt)
	}
	slices.Sort(keys)
	c.t.queue(sqlClaim, keys, c.p.Session, c.p.Now.UnixMicro())
	queueClaims(c.t, c.p.Session, keys, &c.batch)
	writeEvents(c.t, &events, c.p.Now)
	return nil
}

// find locks those of the executions that can be claimed; none when the session cannot.
func (c *claiming) find() ([]store.Claimed, error) {
	ids := slices.Clone(c.p.IDs)
	slices.SortFunc(ids, func(a, b job.ID) int {
		ka, la := keyOf(a)
		kb, lb := keyOf(b)
		return cmp.Or(cmp.Compare(ka, kb), cmp.Compare(la, lb))
	})
	ids = slices.Compact(ids)
	k, lo := make([]int64, len(ids)), make([]int64, len(ids))
	for i, id := range ids {
		k[i], lo[i] = keyOf(id)
	}
	alive := false
	queueAlive(c.t, c.p.Session, c.p.Now, &alive)
	queueStops(c.t, c.p.Now, &c.held)
	var found []store.Claimed
	c.t.scan(mutated(sqlClaimable, "e.status = 0 AND e.queued IS NULL AND e.ready_at <= $3", "$3::bigint > 0", mutant.ClaimAny), []any{k, lo, c.p.Now.UnixMicro()}, func(r pgx.Rows) error {
		var one store.Claimed
		var key, half, at, trigger, created int64
		if err := r.Scan(&key, &half, &one.Owner, &one.Number, &at, &trigger, &one.Attempt, &one.RetryCount, &one.LostCount, &one.Token, &one.Occurrence, &created); err != nil {
			return err
		}
		one.ID, one.ScheduledAt, one.CreatedAt, one.Trigger = idOf(key, half), fromMicros(at), fromMicros(created), stored.Value(stored.Triggers, trigger)
		one.Attempt++
		one.Token++
		found = append(found, one)
		return nil
	})
	if err := c.t.flush(); err != nil || !alive || c.held.maintenance {
		return nil, err
	}
	return found, nil
}

// choose asks the caller which of the executions it starts, in the order of its ids.
// inputs are those that may have some of their own.
func (c *claiming) choose(found []store.Claimed) (keys, inputs []int64, err error) {
	seqs := make([]int64, 0, len(found))
	byID := make(map[job.ID]*store.Claimed, len(found))
	for i := range found {
		seqs = append(seqs, found[i].Owner)
		byID[found[i].ID] = &found[i]
	}
	slices.Sort(seqs)
	seqs = slices.Compact(seqs)
	wanted := make([]want, 0, len(seqs))
	ending := map[int64]bool{}
	c.t.scan(sqlOwners, []any{seqs}, func(r pgx.Rows) error {
		var w want
		var ends bool
		err := r.Scan(&w.seq, &w.revision, &ends)
		wanted, ending[w.seq] = append(wanted, w), ends
		return err
	})
	if err := c.t.flush(); err != nil {
		return nil, nil, err
	}
	defs, err := c.s.define(c.t, wanted)
	if err != nil {
		return nil, nil, err
	}
	for _, id := range c.p.IDs {
		one := byID[id]
		if one == nil {
			continue
		}
		delete(byID, id)
		def := defs[one.Owner]
		if def == nil || c.held.dispatch(def.job.Platform) || !c.taker.take(def.job) {
			continue
		}
		one.Job, one.Ends = def.job, ending[one.Owner]
		k, _ := keyOf(id)
		keys = append(keys, k)
		if one.Trigger != job.TriggerSchedule {
			inputs = append(inputs, k)
		}
		c.out = append(c.out, *one)
	}
	return keys, inputs, nil
}

// inputs adds what only some executions have.
func (c *claiming) inputs(keys []int64) error {
	if len(keys) == 0 {
		return nil
	}
	index := make(map[int64]*store.Claimed, len(c.out))
	for i := range c.out {
		k, _ := keyOf(c.out[i].ID)
		index[k] = &c.out[i]
	}
	return c.t.query(sqlInputs, []any{keys}, func(r *row) error {
		one := index[r.int()]
		one.Payload, one.TraceID, one.SpanID = clone(r.blob()), r.text(), r.text()
		return nil
	})
}
