package postgres

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/agentic-sdlc/scheduler/internal/failpoint"
	"github.com/agentic-sdlc/scheduler/internal/mutant"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/internal/stored"
)

// sqlDue takes due cursors that no other node has, oldest first.
const sqlDue = `SELECT ` + cursorColumns + ` FROM cursors c WHERE c.next_run <= $1 ORDER BY c.next_run LIMIT $2 FOR UPDATE SKIP LOCKED`

// sqlDueNewest is sqlDue from the other end of the index.
var sqlDueNewest = strings.Replace(sqlDue, "ORDER BY c.next_run", "ORDER BY c.next_run DESC", 1)

// planning is the state of one transaction that plans slots.
type planning struct {
	s       *Store
	t       *tx
	p       *store.PlanDue
	careful bool // execution by execution, as one of them meets something
	taker   *taker
	out     store.Planned
	events  stored.Events
	deltas  stored.Deltas // of slots that do not run
	held    stored.Stops
	plan    job.Plan
	rows    rows
	born    born
	ranges  ranges
	cursors advanced
	cancels []int64
	keys    []int64   // born claimed, for the claims row
	ended   []*cursor // of jobs that may end at once
	batch   int64
}

// PlanDue plans up to p.Limit due jobs in one transaction.
func (s *Store) PlanDue(ctx context.Context, p store.PlanDue) (store.Planned, error) {
	p.Now = stored.Cut(p.Now)
	session, careful := p.Session, false
	asked := taker{ask: p.Take}
	for try := 1; ; try++ {
		var run *planning
		err := s.writeWithin(context.WithoutCancel(ctx), fresh, func(t *tx) error {
			asked.again()
			p.Session = session
			run = &planning{s: s, t: t, p: &p, careful: careful, taker: &asked}
			return run.all()
		})
		switch taken := violated(err); {
		case err == nil:
			return run.done(), nil
		case taken == "" || try == 5:
			return store.Planned{}, err
		case taken == "executions_pkey" && try < 3: // the next ids are others
		default:
			careful = true
		}
	}
}

// done is the answer, once all is durable.
func (p *planning) done() store.Planned {
	if len(p.keys) > 0 {
		p.s.batches.Open(p.batch, len(p.keys))
		for i := range p.out.Claimed {
			p.out.Claimed[i].Batch = p.batch
		}
	}
	p.out.Untaken = append(p.out.Untaken, p.taker.left()...)
	return p.out
}

func (p *planning) all() error {
	due, err := p.due()
	if err != nil || p.held.Maintenance {
		return err
	}
	if p.held.Expired { // NextDue goes by the marks
		endExpired(p.t, p.p.Now)
	}
	if len(due) == 0 {
		return nil
	}
	wanted := make([]want, len(due))
	for i := range due {
		wanted[i] = want{due[i].seq, due[i].revision}
	}
	defs, err := p.s.define(p.t, wanted)
	if err != nil {
		return err
	}
	queued, err := p.refresh(due, sqlLive)
	if err != nil {
		return err
	}
	p.expect(len(due))
	var held []cursor
	for i := range due {
		if ok, err := p.one(&due[i], defs[due[i].seq], queued[due[i].seq], false); err != nil {
			return err
		} else if !ok {
			held = append(held, due[i])
		}
	}
	if len(held) > 0 {
		if queued, err = p.refresh(held, sqlHold); err != nil {
			return err
		}
		for i := range held {
			if _, err := p.one(&held[i], defs[held[i].seq], queued[held[i].seq], true); err != nil {
				return err
			}
		}
	}
	p.out.Jobs = len(due)
	p.out.More = len(due) == p.p.Limit
	return p.write()
}

// expect makes room for one run of each of n jobs, born claimed: growing step by step
// would cost as much again.
func (p *planning) expect(n int) {
	p.cursors.expect(n)
	if p.p.Session == 0 {
		return
	}
	p.born.expect(n)
	p.keys, p.out.Claimed = make([]int64, 0, n), make([]store.Claimed, 0, n)
}

// due locks the cursors that are due, unless nothing is to be planned, and finds out
// whether the session lives.
func (p *planning) due() ([]cursor, error) {
	alive := false
	if p.p.Session != 0 {
		queueAlive(p.t, p.p.Session, p.p.Now, &alive)
	}
	queueStops(p.t, p.p.Now, &p.held)
	due := make([]cursor, 0, min(p.p.Limit, 1024))
	query := sqlDue
	if p.p.Newest {
		query = sqlDueNewest
	}
	p.t.scan(mutated(query, "FOR UPDATE SKIP LOCKED", "", mutant.NoCAS, mutant.SlotTwice), []any{p.p.Now.UnixMicro(), p.p.Limit}, func(r pgx.Rows) error {
		due = append(due, cursor{})
		return due[len(due)-1].scan(r)
	})
	err := p.t.flush()
	if !alive {
		p.p.Session = 0
	}
	return due, err
}

// refresh forgets executions of the locked jobs that are over, and counts those that
// wait for them.
func (p *planning) refresh(cursors []cursor, query string) (queued map[int64]int, err error) {
	var keys, seqs []int64
	p.s.ended.mu.Lock()
	for i := range cursors {
		c := &cursors[i]
		if c.live = p.s.ended.forget(c.live); len(c.live) > 0 {
			keys, seqs = append(keys, c.live...), append(seqs, c.seq)
		}
	}
	p.s.ended.mu.Unlock()
	if len(keys) == 0 {
		return nil, nil
	}
	slices.Sort(keys)
	live := make(map[int64]bool, len(keys))
	var k int64
	p.t.scan(query, []any{keys}, func(r pgx.Rows) error {
		if err := r.Scan(&k); err != nil {
			return err
		}
		live[k] = true
		return nil
	})
	if queued, err = countQueued(p.t, seqs); err != nil {
		return nil, err
	}
	for i := range cursors {
		c := &cursors[i]
		c.live = slices.DeleteFunc(c.live, func(k int64) bool { return !live[k] })
	}
	return queued, nil
}

// one plans one job. A run that is to wait for others needs these held: without held
// it changes nothing and ok is false.
func (p *planning) one(cur *cursor, def *definition, queued int, held bool) (ok bool, err error) {
	if def == nil || def.err != nil || def.sched == nil {
		if def == nil {
			def = &definition{seq: cur.seq}
		}
		p.out.Broken++
		breakJob(p.t, def, p.p.Now, &p.events)
		return true, nil
	}
	st := job.State{NextRun: stored.Time(cur.nextRun), Occurrences: cur.occurrences, Live: len(cur.live)}
	if st.Live > 0 {
		st.Queued = queued
	}
	job.MakePlan(def.job, def.sched, st, p.p.Now, p.p.Policy, &p.plan)
	if !held && st.Live > 0 && slices.ContainsFunc(p.plan.Runs, func(r job.PlannedRun) bool { return r.Queued }) {
		return false, nil
	}
	if err := p.record(def, cur); err != nil {
		return false, err
	}
	if p.plan.CancelLive {
		p.cancels = append(p.cancels, cur.live...)
	}
	cur.ending = cur.ending || p.plan.Ended
	p.cursors.add(cur, p.plan.NextRun, p.plan.Ended, p.plan.EndedAt)
	if p.plan.Ended && len(p.plan.Runs) == 0 && len(cur.live) == 0 {
		p.ended = append(p.ended, cur)
	}
	return true, nil
}

// record notes what the plan decided, slot by slot in order of time.
func (p *planning) record(def *definition, cur *cursor) error {
	for i := range p.plan.Ranges {
		r := &p.plan.Ranges[i]
		p.ranges.add(cur.seq, r)
		cur.skipped += r.Count
		p.out.Skipped += r.Count
		p.events.SkippedRange(cur.seq, r)
		p.deltas.AddSkips(cur.seq, r.Count, stored.Code(stored.Reasons, r.Reason), p.p.Now)
	}
	// Run numbers follow the slots, so runs and skips are written side by side.
	skips := p.plan.Skips
	for i := range p.plan.Runs {
		run := &p.plan.Runs[i]
		for len(skips) > 0 && skips[0].Slot.Before(run.Slot) {
			if err := p.skip(def, cur, &skips[0]); err != nil {
				return err
			}
			skips = skips[1:]
		}
		if err := p.run(def, cur, run); err != nil {
			return err
		}
	}
	for i := range skips {
		if err := p.skip(def, cur, &skips[i]); err != nil {
			return err
		}
	}
	return nil
}

// skip notes one slot that does not run.
func (p *planning) skip(def *definition, cur *cursor, skip *job.PlannedSkip) error {
	e := execution{at: skip.Slot, status: stored.Skipped, skip: stored.Code(stored.Reasons, skip.Reason), finished: p.p.Now}
	ok, err := p.insert(def, cur, &e)
	if err != nil || !ok {
		return err
	}
	cur.skipped++
	p.out.Skipped++
	p.events.Skipped(e.run(), skip.Slot, e.skip)
	p.deltas.AddSkips(cur.seq, 1, e.skip, p.p.Now)
	return nil
}

// run notes one execution that is to run: born claimed when the session takes it.
func (p *planning) run(def *definition, cur *cursor, run *job.PlannedRun) error {
	e := execution{at: run.Slot, occurrence: run.Occurrence, ready: run.StartAt, queued: run.Queued}
	if run.CatchUp {
		e.flags |= stored.FlagCatchUp
		p.deltas.AddLate(cur.seq, p.p.Now)
	}
	born := !run.Queued && p.p.Session != 0 && !run.StartAt.After(p.p.Now) && !p.held.Waits(def.job.Platform) && p.taker.take(def.job)
	if born {
		e.status, e.session, e.started = stored.Running, p.p.Session, p.p.Now
	}
	ok, err := p.insert(def, cur, &e)
	if err != nil {
		return err
	}
	if !ok {
		if born {
			p.out.Untaken = append(p.out.Untaken, def.job)
		}
		return nil
	}
	cur.runs++
	cur.occurrences = max(cur.occurrences, run.Occurrence)
	if !run.Queued {
		cur.live = append(cur.live, e.k)
	}
	if !born {
		p.out.Waiting++
		return nil
	}
	p.start(def.job, &e, p.plan.Ended)
	return nil
}

// start notes an execution that was born claimed.
func (p *planning) start(def *job.Job, e *execution, ends bool) {
	p.keys = append(p.keys, e.k)
	p.events.Started(e.run(), 1)
	p.out.Claimed = append(p.out.Claimed, store.Claimed{
		ID: stored.IDOf(e.k, e.lo), Job: def, Owner: e.job, Number: e.n, Attempt: 1, Token: 1, Ends: ends,
		ScheduledAt: e.at, CreatedAt: p.p.Now, Occurrence: e.occurrence, Trigger: stored.Value(stored.Triggers, e.trigger),
	})
}

// insert gives e its id and number, and writes it or notes it to be written. A slot
// that has a record already, which only a hand can have written, keeps that one: ok is
// false.
func (p *planning) insert(def *definition, cur *cursor, e *execution) (ok bool, err error) {
	e.job, e.revision, e.created, e.n = cur.seq, def.job.Revision, p.p.Now, cur.numbers+1
	if e.status == stored.Pending {
		if e.class, err = p.s.class(p.t, def.job); err != nil {
			return false, err
		}
	}
	if p.careful {
		if err := p.s.insertExecution(p.t, e, p.p.NewID); err != nil {
			if job.CodeOf(err) == job.Conflict {
				return false, nil
			}
			return false, err
		}
	} else {
		e.k, e.lo = stored.KeyOf(p.p.NewID())
		if e.status == stored.Running {
			p.born.add(e)
		} else {
			p.rows.add(e)
		}
	}
	cur.numbers = e.n
	return true, nil
}

// write sends what was noted.
func (p *planning) write() error {
	p.queueRecords()
	p.cursors.queue(p.t)
	if len(p.ended) > 0 {
		if _, err := endJobs(p.t, p.ended, nil, p.p.Now, &p.events); err != nil {
			return err
		}
	}
	if len(p.keys) > 0 {
		queueClaims(p.t, p.p.Session, p.keys, &p.batch)
	}
	failpoint.Hit("planned")
	writeDeltas(p.t, &p.deltas)
	writeEvents(p.t, &p.events, p.p.Now)
	return nil
}

// queueRecords sends executions, ranges and requests to stop.
func (p *planning) queueRecords() {
	p.rows.queue(p.t)
	p.born.queue(p.t, p.p.Session, p.p.Now)
	p.ranges.queue(p.t)
	requestCancels(p.t, p.cancels, p.p.Now, "schedd", "overlap cancel_running")
}

// sqlAdvance moves cursors. One that moves has an open epoch, which ends when the plan
// says so.
const sqlAdvance = `UPDATE cursors c SET next_run = nullif(u.next_run, -9223372036854775808), numbers = u.numbers, runs = u.runs, occurrences = u.occurrences,
			skipped = u.skipped, ending = u.ending, live = nullif(u.live, ''::bytea), until_at = nullif(u.until_at, -9223372036854775808)
		FROM (SELECT unnest($1::bigint[]) AS job, unnest($2::bigint[]) AS next_run, unnest($3::bigint[]) AS numbers, unnest($4::bigint[]) AS runs,
			unnest($5::bigint[]) AS occurrences, unnest($6::bigint[]) AS skipped, unnest($7::boolean[]) AS ending, unnest($8::bytea[]) AS live, unnest($9::bigint[]) AS until_at) AS u
		WHERE c.job = u.job`

// advanced collects cursors that moved past what was recorded.
type advanced struct {
	job, next, numbers, runs, occurrences, skipped []int64
	until                                          []int64 // epochs end there
	ending                                         []bool
	live                                           [][]byte
}

func (a *advanced) expect(n int) {
	a.job, a.next, a.numbers, a.runs = make([]int64, 0, n), make([]int64, 0, n), make([]int64, 0, n), make([]int64, 0, n)
	a.occurrences, a.skipped, a.ending, a.live, a.until = make([]int64, 0, n), make([]int64, 0, n), make([]bool, 0, n), make([][]byte, 0, n), make([]int64, 0, n)
}

func (a *advanced) add(c *cursor, next time.Time, ended bool, until time.Time) {
	a.job, a.next, a.numbers, a.runs = append(a.job, c.seq), append(a.next, microsOr(next)), append(a.numbers, c.numbers), append(a.runs, c.runs)
	a.occurrences, a.skipped, a.ending = append(a.occurrences, c.occurrences), append(a.skipped, c.skipped), append(a.ending, c.ending)
	a.live = append(a.live, stored.PackKeys(c.live))
	if !ended {
		until = time.Time{}
	}
	a.until = append(a.until, microsOr(until))
}

func (a *advanced) queue(t *tx) {
	if len(a.job) > 0 {
		t.queue(sqlAdvance, a.job, a.next, a.numbers, a.runs, a.occurrences, a.skipped, a.ending, a.live, a.until)
	}
}

const sqlNextDue = `SELECT next_run FROM cursors WHERE next_run IS NOT NULL AND NOT EXISTS (SELECT 1 FROM holds WHERE kind = $1 AND ended_at IS NULL)
	ORDER BY next_run LIMIT 1`

// NextDue returns the earliest slot that is not accounted for.
func (s *Store) NextDue(ctx context.Context) (at time.Time, err error) {
	err = s.read(ctx, func(t *tx) error {
		_, err := t.first(sqlNextDue, []any{stored.Code(stored.HoldKinds, store.HoldMaintenance)}, func(r *row) { at = r.Time() })
		return err
	})
	return at, err
}
