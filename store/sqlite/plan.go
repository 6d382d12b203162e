package sqlite

import (
	"context"
	"strings"
	"time"

	"github.com/agentic-sdlc/scheduler/internal/failpoint"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/internal/stored"
)

// cursor is a row of cursors while it is planned.
type cursor struct {
	seq         int64
	nextRun     int64
	revision    int64
	numbers     int64
	runs        int64
	occurrences int64
	skipped     int64
	live        []int64
	liveOver    bool // the one live execution is known to be over
}

// sqlDue relies on the index cursors_due. It looks at the one live execution that a
// cursor usually has, to spare a statement.
const sqlDue = `SELECT c.job, c.next_run, c.revision, c.numbers, c.runs, c.occurrences, c.skipped, c.live,
	(SELECT e.status FROM executions e WHERE e.k = c.live)
	FROM cursors c WHERE c.next_run <= ? ORDER BY c.next_run LIMIT ?`

// sqlDueNewest is sqlDue from the other end of the index.
var sqlDueNewest = strings.Replace(sqlDue, "ORDER BY c.next_run", "ORDER BY c.next_run DESC", 1)

// planning is the state of one PlanDue, in the writer.
type planning struct {
	s      *Store
	c      *conn
	p      *store.PlanDue
	out    store.Planned
	events stored.Events
	deltas stored.Deltas // of slots that do not run
	held   stored.Stops
	plan   job.Plan
	keys   []int64 // born claimed, for the claims row
}

// PlanDue plans up to p.Limit due jobs in one transaction.
func (s *Store) PlanDue(ctx context.Context, p store.PlanDue) (store.Planned, error) {
	var out store.Planned
	p.Now = stored.Cut(p.Now)
	err := s.write(context.WithoutCancel(ctx), func(c *conn) error {
		run := planning{s: s, c: c, p: &p}
		defer func() { out = run.out }()
		return run.all()
	})
	if err != nil {
		return store.Planned{}, err
	}
	return out, nil
}

func (p *planning) all() error {
	if err := p.stops(); err != nil || p.held.Maintenance {
		return err
	}
	due, err := p.due()
	if err != nil {
		return err
	}
	if len(due) > 0 && p.p.Session != 0 {
		if alive, err := sessionAlive(p.c, p.p.Session, p.p.Now); err != nil {
			return err
		} else if !alive {
			p.p.Session = 0
		}
	}
	for i := range due {
		if err := p.one(&due[i]); err != nil {
			return err
		}
	}
	p.out.Jobs = len(due)
	p.out.More = len(due) == p.p.Limit
	if err := p.claim(); err != nil {
		return err
	}
	failpoint.Hit("planned")
	if err := writeDeltas(p.c, &p.deltas); err != nil {
		return err
	}
	return writeEvents(p.c, &p.events, p.p.Now)
}

// stops reads what is held, and marks what ended: NextDue goes by the marks.
func (p *planning) stops() (err error) {
	p.held, err = stopsAt(p.c, p.p.Now)
	if err == nil && p.held.Expired {
		err = endExpired(p.c, p.p.Now)
	}
	return err
}

// due reads the cursors that are due, oldest first.
func (p *planning) due() ([]cursor, error) {
	due := make([]cursor, 0, min(p.p.Limit, 1024))
	query := sqlDue
	if p.p.Newest {
		query = sqlDueNewest
	}
	err := p.c.query(query, []any{p.p.Now.UnixMicro(), p.p.Limit}, func(r *row) error {
		cur := cursor{
			seq: r.Int(), nextRun: r.Int(), revision: r.Int(), numbers: r.Int(), runs: r.Int(), occurrences: r.Int(), skipped: r.Int(),
		}
		live := r.Take()
		_, single := live.(int64)
		cur.live = stored.Keys(live)
		status := r.Take()
		cur.liveOver = single && (status == nil || status.(int64) > stored.Running)
		due = append(due, cur)
		return nil
	})
	return due, err
}

// one plans one job.
func (p *planning) one(cur *cursor) error {
	def, err := p.s.define(p.c, cur.seq, cur.revision)
	if err != nil {
		return err
	}
	if def.Err != nil || def.Sched == nil {
		p.out.Broken++
		return breakJob(p.c, def, p.p.Now, &p.events)
	}
	state, err := p.state(cur)
	if err != nil {
		return err
	}
	job.MakePlan(def.Job, def.Sched, state, p.p.Now, p.p.Policy, &p.plan)
	if err := p.record(def, cur); err != nil {
		return err
	}
	if p.plan.CancelLive {
		if err := requestCancels(p.c, cur.live, p.p.Now, "schedd", "overlap cancel_running"); err != nil {
			return err
		}
	}
	return p.advance(def, cur)
}

// state settles which executions of the job are still live.
func (p *planning) state(cur *cursor) (job.State, error) {
	st := job.State{NextRun: stored.Time(cur.nextRun), Occurrences: cur.occurrences}
	if cur.liveOver {
		cur.live = cur.live[:0]
	} else if len(cur.live) > 1 {
		var err error
		if cur.live, err = stillLive(p.c, cur.live); err != nil {
			return st, err
		}
	}
	st.Live = len(cur.live)
	if st.Live > 0 {
		queued, err := countQueued(p.c, cur.seq)
		if err != nil {
			return st, err
		}
		st.Queued = int(queued)
	}
	return st, nil
}

// record writes what the plan decided, slot by slot in order of time.
func (p *planning) record(def *stored.Definition, cur *cursor) error {
	for i := range p.plan.Ranges {
		r := &p.plan.Ranges[i]
		if err := insertRange(p.c, cur.seq, r); err != nil {
			return err
		}
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

// skip writes one slot that does not run.
func (p *planning) skip(def *stored.Definition, cur *cursor, skip *job.PlannedSkip) error {
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

// run writes one execution that is to run: born claimed when the session takes it.
func (p *planning) run(def *stored.Definition, cur *cursor, run *job.PlannedRun) error {
	e := execution{at: run.Slot, occurrence: run.Occurrence, ready: run.StartAt, queued: run.Queued}
	if run.CatchUp {
		e.flags |= stored.FlagCatchUp
		p.deltas.AddLate(cur.seq, p.p.Now)
	}
	born := !run.Queued && p.p.Session != 0 && p.p.Take != nil && !run.StartAt.After(p.p.Now) && !p.held.Waits(def.Job.Platform) && p.p.Take(def.Job)
	if born {
		e.status, e.session, e.started = stored.Running, p.p.Session, p.p.Now
	}
	ok, err := p.insert(def, cur, &e)
	if err != nil {
		return err
	}
	if !ok {
		if born {
			p.out.Untaken = append(p.out.Untaken, def.Job)
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
	p.start(def.Job, &e, p.plan.Ended)
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

const sqlAdvance = `UPDATE cursors SET next_run = ?, numbers = ?, runs = ?, occurrences = ?, skipped = ?, live = ? WHERE job = ?`

// advance moves the cursor past what was recorded.
func (p *planning) advance(def *stored.Definition, cur *cursor) error {
	if _, err := p.c.exec(sqlAdvance, stored.Micros(p.plan.NextRun), cur.numbers, cur.runs, cur.occurrences, cur.skipped, packLive(cur.live), cur.seq); err != nil {
		return err
	}
	if !p.plan.Ended {
		return nil
	}
	if err := closeEpoch(p.c, cur.seq, p.plan.EndedAt); err != nil {
		return err
	}
	if _, err := p.c.exec(`UPDATE cursors SET ending = 1 WHERE job = ?`, cur.seq); err != nil {
		return err
	}
	if len(p.plan.Runs) > 0 || len(cur.live) > 0 {
		return nil
	}
	_, err := endJob(p.c, def.Seq, p.p.Now, &p.events)
	return err
}

// claim writes the one row that finds the executions born claimed should the
// session die.
func (p *planning) claim() error {
	if len(p.keys) == 0 {
		return nil
	}
	batch, err := p.s.openBatch(p.c, p.p.Session, p.keys)
	if err != nil {
		return err
	}
	for i := range p.out.Claimed {
		p.out.Claimed[i].Batch = batch
	}
	return nil
}

// insert gives e its id and number and writes it. A slot that has a record already,
// which only a hand can have written, keeps that one: ok is false.
func (p *planning) insert(def *stored.Definition, cur *cursor, e *execution) (ok bool, err error) {
	e.job, e.revision, e.created, e.n = cur.seq, def.Job.Revision, p.p.Now, cur.numbers+1
	if e.status == stored.Pending {
		if e.class, err = p.s.class(p.c, def.Job); err != nil {
			return false, err
		}
	}
	err = insertExecution(p.c, e, p.p.NewID)
	if job.CodeOf(err) == job.Conflict {
		return false, nil
	}
	cur.numbers = e.n
	return err == nil, err
}

const sqlNextDue = `SELECT CASE WHEN EXISTS (SELECT 1 FROM holds WHERE kind = ? AND ended_at IS NULL) THEN NULL
	ELSE (SELECT min(next_run) FROM cursors WHERE next_run IS NOT NULL) END`

// NextDue returns the earliest slot that is not accounted for.
func (s *Store) NextDue(ctx context.Context) (at time.Time, err error) {
	err = s.read(ctx, func(c *conn) error {
		_, err := c.first(sqlNextDue, []any{stored.Code(stored.HoldKinds, store.HoldMaintenance)}, func(r *row) { at = r.Time() })
		return err
	})
	return at, err
}
