package postgres

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/agentic-sdlc/scheduler/internal/failpoint"
	"github.com/agentic-sdlc/scheduler/internal/mutant"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/internal/stored"
)

const (
	// sqlSettle ends executions. One that the session or the token does not own any more
	// is left alone. The planner knows how few executions run, and would walk through all of
	// them to find these; of a status that comes with the keys it knows nothing.
	sqlSettle = `UPDATE executions e SET status = u.status, started_at = nullif(u.started_at, -9223372036854775808), finished_at = u.finished_at
		FROM (SELECT unnest($1::bigint[]) AS k, unnest($2::bigint[]) AS session, unnest($3::bigint[]) AS token, unnest($4::smallint[]) AS status,
			unnest($5::bigint[]) AS started_at, unnest($6::bigint[]) AS finished_at, 1::smallint AS running) AS u
		WHERE e.k = u.k AND e.session = u.session AND e.token = u.token AND e.status = u.running`
	sqlSettleExactly = sqlSettle + ` RETURNING e.k`
	// sqlRequeue gives executions back to the waiting ones.
	sqlRequeue = `WITH back AS (
			UPDATE executions e SET status = 0, retries = e.retries + u.retries, started_at = nullif(u.started_at, -9223372036854775808),
				lost = CASE WHEN u.parked = 1 THEN 0 ELSE e.lost + u.lost END, attempt = e.attempt - u.parked, flags = (e.flags & (~4)::smallint) | (u.parked * 4)::smallint
			FROM (SELECT unnest($1::bigint[]) AS k, unnest($2::bigint[]) AS session, unnest($3::bigint[]) AS token, unnest($4::bigint[]) AS ready_at,
				unnest($5::smallint[]) AS queued, unnest($6::bigint[]) AS class, unnest($7::integer[]) AS retries, unnest($8::integer[]) AS lost,
				unnest($9::bigint[]) AS started_at, unnest($10::smallint[]) AS parked, 1::smallint AS running) AS u
			WHERE e.k = u.k AND e.session = u.session AND e.token = u.token AND e.status = u.running
			RETURNING e.k, e.lo, e.job, u.ready_at, u.class, nullif(u.queued, 0::smallint))
		INSERT INTO waiting (k, lo, job, ready_at, class, queued) SELECT * FROM back RETURNING k`
	sqlFailures = `INSERT INTO failures (job, n, status, k) SELECT job, n, status, k FROM executions WHERE k = ANY ($1::bigint[]) AND status IN (3, 4, 5)
		ON CONFLICT (job, n) DO UPDATE SET status = excluded.status, k = excluded.k`
	// sqlWaits finds those of the jobs that have executions waiting for another to end.
	sqlWaits = `SELECT u.job FROM unnest($1::bigint[]) AS u (job)
		WHERE (SELECT true FROM waiting w WHERE w.job = u.job AND w.queued <> 2 AND w.queued IS NOT NULL LIMIT 1)`
)

// settling is the state of one Settle.
type settling struct {
	s      *Store
	t      *tx
	now    time.Time
	locks  map[int64]bool    // jobs that must be locked before any execution
	exact  *bool             // not all was as it seemed: ask which executions ended, and not only how many
	quick  map[int64]final   // one-time jobs that end with their only execution
	locked map[int64]*cursor // those that are
	done   []bool            // by settlement
	out    store.Settled
	events stored.Events
	deltas stored.Deltas
	rare   rare
	over   map[int64]bool // executions that are over now
	owners []int64        // their jobs
}

// Settle writes how attempts ended, all of them in one transaction.
func (s *Store) Settle(ctx context.Context, now time.Time, batch []store.Settlement) (store.Settled, error) {
	if len(batch) == 0 {
		return store.Settled{}, nil
	}
	locks, quick := s.locksOf(batch)
	exact := false
	var run *settling
	spent := s.batches.TakeSpent()
	err := s.write(context.WithoutCancel(ctx), func(t *tx) error {
		run = &settling{s: s, t: t, now: now, locks: locks, exact: &exact, quick: quick}
		if len(spent) > 0 {
			t.queue(`DELETE FROM claims WHERE id = ANY ($1::bigint[])`, spent)
		}
		if err := run.all(batch); err != nil {
			return err
		}
		failpoint.Hit("settled")
		return nil
	})
	if err != nil {
		s.batches.Return(spent)
		return store.Settled{}, err
	}
	if mutant.Active == mutant.CountersApart {
		mutant.Pause()
		if err := s.write(ctx, func(t *tx) error { writeDeltas(t, &run.deltas); return nil }); err != nil {
			return run.out, nil
		}
	}
	s.ended.add(run.over)
	for i := range batch {
		if run.done[i] && batch[i].Batch != 0 { // what is fenced holds its claim still, or lost it to the reaper
			s.batches.Settle(batch[i].Batch)
		}
	}
	return run.out, nil
}

// mayQueue reports whether runs of the job wait for each other as far as is known.
// When it is wrong the settling starts over.
func (s *Store) mayQueue(seq int64) bool {
	def := s.defs.get(seq, 0)
	return def != nil && def.job.Overlap != job.OverlapSkip && def.job.Overlap != job.OverlapAllow
}

// requeues reports whether the event may give the execution back.
func requeues(e job.Event) bool {
	next, _ := job.Running.Next(e)
	return next == job.Pending
}

// all settles the batch. Jobs that an end may wake or end, and those of executions
// that go back, are locked first; then come the executions.
func (r *settling) all(batch []store.Settlement) (err error) {
	r.done = make([]bool, len(batch))
	r.over = make(map[int64]bool, len(batch))
	if *r.exact || len(r.locks) > 0 { // all locks in one order
		for seq := range r.quick {
			r.locks[seq] = true
		}
	}
	if *r.exact {
		r.quick = nil
	}
	if r.locked, err = lockCursors(r.t, keysOf(r.locks)); err != nil {
		return err
	}
	finals, back, err := r.sort(batch)
	if err != nil {
		return err
	}
	if err := r.end(batch, finals); err != nil {
		return err
	}
	if err := r.requeue(batch, back); err != nil {
		return err
	}
	for i := range batch {
		if !r.done[i] {
			r.out.Fenced = append(r.out.Fenced, i)
		}
	}
	r.rare.queue(r.t)
	if mutant.Active != mutant.CountersApart {
		writeDeltas(r.t, &r.deltas)
	}
	if err := r.wake(); err != nil {
		return err
	}
	writeEvents(r.t, &r.events, r.now)
	return nil
}

// sort tells ends from executions that go back. Of those, what was asked to stop ends
// after all, as does what belongs to a cancelled job: batch is changed accordingly.
func (r *settling) sort(batch []store.Settlement) (finals, back []int, err error) {
	for i := range batch {
		next, ok := job.Running.Next(batch[i].Event)
		if !ok {
			return nil, nil, job.Errorf(job.Internal, "an execution that runs has no event %q", batch[i].Event)
		}
		if next == job.Pending {
			back = append(back, i)
		} else {
			finals = append(finals, i)
		}
	}
	if len(back) == 0 {
		return finals, nil, nil
	}
	unwanted, err := r.unwanted(batch, back)
	if err != nil {
		return nil, nil, err
	}
	kept := back[:0]
	for _, i := range back {
		if k, _ := stored.KeyOf(batch[i].ID); unwanted[k] {
			finals = append(finals, i)
		} else {
			kept = append(kept, i)
		}
	}
	return finals, kept, nil
}

// end writes ends.
func (r *settling) end(batch []store.Settlement, finals []int) error {
	if len(finals) == 0 {
		return nil
	}
	seen := make(map[int64]bool, len(finals)) // the first settlement of an execution counts
	var f ends
	f.expect(len(finals))
	slices.SortStableFunc(finals, func(a, b int) int { return compareKeys(batch[a].ID, batch[b].ID) })
	owners := make([]int64, 0, len(finals))
	first := finals[:0]
	for _, i := range finals {
		k, _ := stored.KeyOf(batch[i].ID)
		if seen[k] {
			continue
		}
		seen[k] = true
		first, owners = append(first, i), append(owners, batch[i].Owner)
		f.add(k, &batch[i], r.eventOf(&batch[i]))
	}
	var quick int64
	endQuickly(r.t, r.quick, r.now, &quick)
	known := r.queueEnds(&f)
	slices.Sort(owners)
	waits := false
	r.t.scan(sqlWaits, []any{slices.Compact(owners)}, func(rows pgx.Rows) error {
		var seq int64
		if err := rows.Scan(&seq); err != nil {
			return err
		}
		if !r.locks[seq] {
			r.locks[seq], waits = true, true
		}
		return nil
	})
	if err := r.t.flush(); err != nil {
		return err
	}
	if waits {
		return errAgain
	}
	if !*r.exact && (known.n < int64(len(f.k)) || quick < int64(len(r.quick))) {
		*r.exact = true
		return errAgain
	}
	for n, i := range first {
		if k := f.k[n]; !*r.exact || known.keys[k] {
			r.done[i], r.over[k] = true, true
			r.ended(&batch[i])
		}
	}
	return nil
}

// endings is what the server says of ends: how many there were, or which.
type endings struct {
	n    int64
	keys map[int64]bool
}

// queueEnds writes ends. Which of them were written is asked for only when it is not
// all of them: a thousand keys take longer to send than to count.
func (r *settling) queueEnds(f *ends) *endings {
	known := &endings{}
	if !*r.exact {
		r.t.queue(mutated(sqlSettle, owned, "", mutant.NoToken), f.args()...).Exec(func(tag pgconn.CommandTag) error {
			known.n = tag.RowsAffected()
			return nil
		})
		return known
	}
	known.keys = make(map[int64]bool, len(f.k))
	var k int64
	r.t.scan(mutated(sqlSettleExactly, owned, "", mutant.NoToken), f.args(), func(rows pgx.Rows) error {
		err := rows.Scan(&k)
		known.keys[k] = true
		return err
	})
	return known
}

// eventOf is the event of a settlement that ends its execution: a cancel when it was
// to go back and nobody wants that.
func (r *settling) eventOf(t *store.Settlement) job.Event {
	if requeues(t.Event) {
		return job.EventCancel
	}
	return t.Event
}

// ended notes what belongs to one end.
func (r *settling) ended(t *store.Settlement) {
	k, _ := stored.KeyOf(t.ID)
	event := r.eventOf(t)
	next, _ := job.Running.Next(event)
	status := stored.Code(stored.Statuses, next)
	took := t.CompletedAt.Sub(t.StartedAt)
	if t.StartedAt.IsZero() {
		took = 0
	}
	about := stored.Run{Job: t.Owner, ID: t.ID}
	r.owners = append(r.owners, t.Owner)
	r.deltas.Add(&stored.End{Job: t.Owner, Status: status, Started: t.StartedAt, Ended: t.CompletedAt, Class: t.ErrorClass, Message: t.Error})
	if next != job.Success {
		r.rare.failed(k, t)
		if event != job.EventCancel {
			r.events.Failed(about, t.Attempt, false, t.Error)
		}
	}
	if t.Result != nil || t.ExitCode != nil || t.Error != "" {
		r.rare.result(k, t)
	}
	r.events.Completed(about, status, t.Attempt, took)
}

// wake gives the places that became free to queued runs, and ends jobs that have
// nothing more to do.
func (r *settling) wake() error {
	var owners []*cursor
	seen := make(map[int64]bool, len(r.owners))
	for _, seq := range r.owners {
		seen[seq] = true
	}
	for _, c := range ordered(r.locked) {
		if _, ended := r.quick[c.seq]; seen[c.seq] && !ended {
			owners = append(owners, c)
		}
	}
	tellQuick(r.quick, &r.events)
	r.out.Ended = len(r.quick)
	if len(owners) == 0 {
		return nil
	}
	var err error
	if r.out.Promoted, err = r.s.promote(r.t, owners, r.over, r.now); err != nil {
		return err
	}
	ended, err := endJobs(r.t, owners, r.over, r.now, &r.events)
	r.out.Ended += ended
	return err
}

// ends collects executions that end, for one UPDATE.
type ends struct {
	k, session, token, started, finished []int64
	status                               []int16
}

func (f *ends) expect(n int) {
	f.k, f.session, f.token = make([]int64, 0, n), make([]int64, 0, n), make([]int64, 0, n)
	f.started, f.finished, f.status = make([]int64, 0, n), make([]int64, 0, n), make([]int16, 0, n)
}

func (f *ends) add(k int64, t *store.Settlement, event job.Event) {
	next, _ := job.Running.Next(event)
	f.k, f.session, f.token = append(f.k, k), append(f.session, t.Session), append(f.token, t.Token)
	f.started, f.finished = append(f.started, microsOr(t.StartedAt)), append(f.finished, t.CompletedAt.UnixMicro())
	f.status = append(f.status, int16(stored.Code(stored.Statuses, next)))
}

func (f *ends) args() []any {
	return []any{f.k, f.session, f.token, f.status, f.started, f.finished}
}

func compareKeys(a, b job.ID) int {
	ka, _ := stored.KeyOf(a)
	kb, _ := stored.KeyOf(b)
	switch {
	case ka < kb:
		return -1
	case ka > kb:
		return 1
	}
	return 0
}

func keysOf(set map[int64]bool) []int64 {
	keys := make([]int64, 0, len(set))
	for k := range set {
		keys = append(keys, k)
	}
	return keys
}
