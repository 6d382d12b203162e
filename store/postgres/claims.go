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
	// sqlClaimable reads executions that are ready. It locks nothing: sqlClaim tells which
	// of them were. waiting is empty most of the time: the planner, who may have seen it
	// so, is left no way but one look-up a key. (queued IS NULL would be another.)
	sqlClaimable = `SELECT w.k, w.lo, w.job, c.revision, c.ending
		FROM waiting w, LATERAL (SELECT revision, ending FROM cursors WHERE job = w.job OFFSET 0) AS c
		WHERE w.k = ANY ($1::bigint[]) AND coalesce(w.queued, 0) = 0 AND w.ready_at <= $2`
	// sqlClaim takes from the waiting ones, in order of k, what waits still.
	sqlClaim = `WITH taken AS (DELETE FROM waiting WHERE k = ANY ($1::bigint[]) AND coalesce(queued, 0) = 0 AND ready_at <= $3 RETURNING k)
		UPDATE executions e SET status = 1, attempt = e.attempt + 1, token = e.token + 1, session = $2,
			first_start = CASE WHEN e.attempt > 0 THEN coalesce(e.first_start, e.started_at) END, started_at = $3
		WHERE e.k = ANY (ARRAY(SELECT k FROM taken))
		RETURNING e.k, e.n, e.at, e.trigger, e.attempt, e.retries, e.lost, e.token, e.occurrence, e.created_at`
	sqlInputs = `SELECT k, payload, trace_id, parent_span FROM execution_inputs WHERE k = ANY ($1::bigint[])`
)

// claiming is the state of one Claim.
type claiming struct {
	s       *Store
	t       *tx
	p       *store.Claim
	taker   *taker
	held    stored.Stops
	chosen  []store.Claimed // taken by the caller, in the order of its ids
	owns    []bool          // of chosen: it is claimed
	untaken []*job.Job
	batch   int64
}

// Claim gives ready executions to a session.
func (s *Store) Claim(ctx context.Context, p store.Claim) (store.Claims, error) {
	if len(p.IDs) == 0 {
		return store.Claims{}, nil
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
		return store.Claims{}, err
	}
	return run.done(), nil
}

// done is the answer, once all is durable.
func (c *claiming) done() store.Claims {
	out := store.Claims{Claimed: make([]store.Claimed, 0, len(c.chosen)), Untaken: append(c.untaken, c.taker.left()...)}
	for i := range c.chosen {
		if c.owns[i] {
			c.chosen[i].Batch = c.batch
			out.Claimed = append(out.Claimed, c.chosen[i])
		}
	}
	if len(out.Claimed) > 0 {
		c.s.batches.Open(c.batch, len(out.Claimed))
	}
	return out
}

func (c *claiming) all() error {
	if err := c.choose(); err != nil || len(c.chosen) == 0 {
		return err
	}
	index, err := c.take()
	if err != nil {
		return err
	}
	var events stored.Events
	keys, inputs := make([]int64, 0, len(c.chosen)), []int64(nil)
	for i := range c.chosen {
		o := &c.chosen[i]
		if !c.owns[i] {
			c.untaken = append(c.untaken, o.Job)
			continue
		}
		k, _ := stored.KeyOf(o.ID)
		keys = append(keys, k)
		if o.Trigger != job.TriggerSchedule {
			inputs = append(inputs, k)
		}
		events.Started(stored.Run{Job: o.Owner, ID: o.ID, Number: o.Number}, o.Attempt)
	}
	if len(keys) == 0 {
		return nil
	}
	if len(inputs) > 0 { // what only some executions have
		c.t.queueQuery(sqlInputs, []any{inputs}, func(r *row) error {
			o := &c.chosen[index[r.Int()]]
			o.Payload, o.TraceID, o.SpanID = r.Bytes(), r.Text(), r.Text()
			return nil
		})
	}
	queueClaims(c.t, c.p.Session, keys, &c.batch)
	c.count()
	writeEvents(c.t, &events, c.p.Now)
	return nil
}

// room locks platforms that may have only so many executions at once, if there is
// something of them to claim, and finds out anew how many more they may have: what other
// nodes claimed meanwhile is among those that run.
func (c *claiming) room(defs map[int64]*definition) error {
	var limited []string
	for _, def := range defs {
		if def != nil && c.held.Limited(def.job.Platform) && !slices.Contains(limited, def.job.Platform) {
			limited = append(limited, def.job.Platform)
		}
	}
	if len(limited) == 0 {
		return nil
	}
	slices.Sort(limited)
	c.t.queue(`SELECT 1 FROM platforms WHERE slug = ANY ($1::text[]) ORDER BY slug FOR UPDATE`, limited)
	for _, platform := range limited {
		c.t.queue(stored.SweepLimited, platform)
	}
	c.held = stored.Stops{}
	queueStops(c.t, c.p.Now, &c.held)
	return c.t.flush()
}

// count notes what was claimed of platforms that may have only so many.
func (c *claiming) count() {
	var platforms []string
	var keys []int64
	for i := range c.chosen {
		if platform := c.chosen[i].Job.Platform; c.owns[i] && c.held.Limited(platform) {
			k, _ := stored.KeyOf(c.chosen[i].ID)
			platforms, keys = append(platforms, platform), append(keys, k)
		}
	}
	if len(keys) > 0 {
		c.t.queue(`INSERT INTO limited_runs (platform, k) SELECT p.seq, u.k FROM (SELECT unnest($1::text[]) AS slug, unnest($2::bigint[]) AS k) AS u
			JOIN platforms p ON p.slug = u.slug ORDER BY 1, 2 ON CONFLICT DO NOTHING`, platforms, keys)
	}
}

// choose asks the caller which of the executions that can be claimed it starts, in the
// order of its ids; none can when the session cannot.
func (c *claiming) choose() error {
	k := make([]int64, len(c.p.IDs))
	for i, id := range c.p.IDs {
		k[i], _ = stored.KeyOf(id)
	}
	type ready struct {
		seq  int64
		ends bool
	}
	found := make(map[job.ID]ready, len(k))
	wanted := make([]want, 0, len(k))
	alive := false
	var key, half int64 // one of each for all rows
	var w want
	var one ready
	queueAlive(c.t, c.p.Session, c.p.Now, &alive)
	queueStops(c.t, c.p.Now, &c.held)
	c.t.scan(claimable(), []any{k, c.p.Now.UnixMicro()}, func(r pgx.Rows) error {
		err := r.Scan(&key, &half, &w.seq, &w.revision, &one.ends)
		one.seq = w.seq
		found[stored.IDOf(key, half)], wanted = one, append(wanted, w)
		return err
	})
	if err := c.t.flush(); err != nil || !alive || c.held.Maintenance {
		return err
	}
	defs, err := c.s.define(c.t, wanted)
	if err != nil {
		return err
	}
	if err := c.room(defs); err != nil {
		return err
	}
	c.chosen = make([]store.Claimed, 0, len(found))
	for _, id := range c.p.IDs {
		one, ok := found[id]
		if !ok {
			continue
		}
		delete(found, id)
		if def := defs[one.seq]; def != nil && !c.held.Dispatch(def.job.Platform) && c.held.Take(def.job.Platform) && c.taker.take(def.job) {
			c.chosen = append(c.chosen, store.Claimed{ID: id, Job: def.job, Owner: one.seq, Ends: one.ends})
		}
	}
	return nil
}

// take claims what was chosen, as far as nobody else was quicker, and returns the places
// of the executions in chosen.
func (c *claiming) take() (index map[int64]int, err error) {
	index = make(map[int64]int, len(c.chosen))
	keys := make([]int64, len(c.chosen))
	for i := range c.chosen {
		keys[i], _ = stored.KeyOf(c.chosen[i].ID)
		index[keys[i]] = i
	}
	c.owns = make([]bool, len(c.chosen))
	var one store.Claimed // one for all rows
	var k, at, trigger, created int64
	c.t.scan(mutated(sqlClaim, "ARRAY(SELECT k FROM taken)", "$1::bigint[]", mutant.ClaimAny), []any{keys, c.p.Session, c.p.Now.UnixMicro()}, func(r pgx.Rows) error {
		if err := r.Scan(&k, &one.Number, &at, &trigger, &one.Attempt, &one.RetryCount, &one.LostCount, &one.Token, &one.Occurrence, &created); err != nil {
			return err
		}
		i := index[k]
		had := &c.chosen[i]
		one.ID, one.Job, one.Owner, one.Ends = had.ID, had.Job, had.Owner, had.Ends
		one.ScheduledAt, one.CreatedAt, one.Trigger = stored.Time(at), stored.Time(created), stored.Value(stored.Triggers, trigger)
		*had, c.owns[i] = one, true
		return nil
	})
	return index, c.t.flush()
}
