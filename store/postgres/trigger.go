package postgres

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/internal/reads"
	"github.com/agentic-sdlc/scheduler/store/internal/stored"
)

// errAlone says that calls cannot be written together.
var errAlone = job.Errorf(job.Conflict, "the triggers meet each other")

// apart reports whether calls that failed together, and wrote nothing, may fare better
// one by one.
func apart(err error) bool {
	switch job.CodeOf(err) {
	case job.Unavailable, job.Timeout, job.StorageFull:
		return false
	}
	return true
}

// session is what a transaction knows of one: whether it may claim, and on which node it is.
type session struct {
	may  bool
	node string
}

// triggering is the state of one transaction of triggers.
type triggering struct {
	s       *Store
	t       *tx
	batch   []*trigger
	cursors map[int64]*cursor
	queued  map[int64]int
	defs    map[int64]*definition
	alive   map[int64]*session // that are asked for
	held    stored.Stops

	rows    rows
	inputs  inputRows
	keys    keyRows
	changed map[int64]*cursor
	cancels []func()
	events  stored.Events
	deltas  stored.Deltas            // of slots that do not run
	into    *stored.Events           // takes the events, of which a transaction writes one row; nil = they are all
	claimed map[int64]*store.Claimed // by k
	births  map[int64][]int64        // k's by session
	claims  map[int64]*int64         // ids of rows of claims by session
}

func (s *Store) triggering(t *tx, batch []*trigger) *triggering {
	return &triggering{
		s: s, t: t, batch: batch, alive: map[int64]*session{}, changed: map[int64]*cursor{},
		claimed: map[int64]*store.Claimed{}, births: map[int64][]int64{}, claims: map[int64]*int64{},
	}
}

// writeTogether writes all calls or none. Errors that are a call's own go to it.
func (s *Store) writeTogether(batch []*trigger) error {
	var run *triggering
	ctx, cancel := within(batch)
	defer cancel()
	err := s.write(ctx, func(t *tx) error {
		run = s.triggering(t, batch)
		if err := run.all(); err != nil {
			return err
		}
		return run.record()
	})
	if err != nil {
		return err
	}
	for session, keys := range run.births {
		s.batches.Open(*run.claims[session], len(keys))
	}
	for _, tr := range batch {
		if tr.err != nil {
			tr.made = store.Triggered{}
		}
		if c := run.claimed[tr.k]; c != nil && tr.session != 0 {
			c.Batch = *run.claims[tr.session]
			tr.made.Claimed = c
		}
	}
	return nil
}

// record writes who asked for what was made.
func (r *triggering) record() error {
	for _, tr := range r.batch {
		if tr.trail == nil || tr.err != nil || tr.made.Replayed {
			continue
		}
		tr.trail.Restart()
		tr.trail.Note(stored.NoteRun(&tr.made.Execution))
		if err := r.t.record(tr.trail); err != nil {
			return err
		}
	}
	return nil
}

func (r *triggering) all() error {
	for _, tr := range r.batch {
		tr.taker.again()
		tr.made, tr.err, tr.seq, tr.k, tr.session = store.Triggered{}, nil, 0, 0, 0
	}
	if err := r.load(); err != nil {
		return err
	}
	for _, tr := range r.batch {
		if tr.err != nil || tr.k != 0 {
			continue
		}
		if err := r.one(tr); err != nil {
			if _, own := errors.AsType[*job.Error](err); !own {
				return err
			}
			tr.err = err
		}
	}
	if err := r.write(); err != nil {
		return err
	}
	return r.readBack()
}

// one decides over one call, under the lock of its job.
func (r *triggering) one(tr *trigger) error {
	def, cur := r.defs[tr.seq], r.cursors[tr.seq]
	if def == nil {
		return fmt.Errorf("job %d has a cursor but no row", tr.seq)
	}
	j := *def.job
	if tr.p.Step != nil {
		if err := lockExecution(r.t, tr.p.Step.Flow); err != nil {
			return err
		}
	}
	if err := reads.WantRun(r.t.query, tr.p, tr.seq, &j); err != nil {
		return err
	}
	if tr.p.Overlap != "" {
		j.Overlap = tr.p.Overlap
		if tr.p.Overlap == job.OverlapAllow && j.Concurrency <= len(cur.live) {
			j.Concurrency = len(cur.live) + 1
		}
	}
	state := job.State{Occurrences: cur.occurrences, Live: len(cur.live), Queued: r.queued[tr.seq]}
	if tr.p.Parallel > j.Places() && state.Live < tr.p.Parallel {
		j.Overlap, j.Concurrency = job.OverlapAllow, tr.p.Parallel
	}
	admission := job.Admit(&j, state, tr.p.Parallel > 0)
	if tr.p.Skip != "" {
		admission = job.Admission{Reason: tr.p.Skip}
	}
	e := &execution{
		job: tr.seq, revision: j.Revision, created: tr.p.Now, n: cur.numbers + 1,
		at: tr.p.Due(), trigger: stored.Code(stored.Triggers, tr.p.Kind), ready: tr.p.Now, queued: admission.Queued, beside: tr.p.Parallel,
	}
	if admission.Reason != "" {
		e.status, e.skip, e.finished = stored.Skipped, stored.Code(stored.Reasons, admission.Reason), tr.p.Now
	}
	if e.status == stored.Pending && !e.queued && r.takes(tr, &j) {
		e.status, e.session, e.started = stored.Running, tr.p.Session, tr.p.Now
	}
	if err := r.insert(tr, e, &j); err != nil {
		return err
	}
	tr.k, tr.session, cur.numbers, r.changed[cur.seq] = e.k, e.session, e.n, cur
	r.note(tr, e, cur, def.job, &admission)
	return nil
}

// insert gives e an id and has it written. A call that is alone puts up with ids and
// numbers that are taken.
func (r *triggering) insert(tr *trigger, e *execution, j *job.Job) (err error) {
	if e.status == stored.Pending {
		if e.class, err = r.s.class(r.t, j); err != nil {
			return err
		}
	}
	if len(r.batch) == 1 {
		return r.s.insertExecution(r.t, e, tr.p.NewID)
	}
	e.k, e.lo = stored.KeyOf(tr.p.NewID())
	r.rows.add(e)
	return nil
}

// note adds what belongs to an execution.
func (r *triggering) note(tr *trigger, e *execution, cur *cursor, def *job.Job, admission *job.Admission) {
	if e.status == stored.Skipped {
		r.events.Skipped(e.run(), stored.Time(e.at.UnixMicro()), e.skip)
		r.deltas.AddSkips(tr.seq, 1, e.skip, tr.p.Now)
	} else {
		cur.runs++
		if e.queued {
			r.queued[cur.seq]++
		} else {
			cur.live = append(cur.live, e.k)
		}
	}
	if admission.CancelLive {
		live := slices.Clone(cur.live)
		r.cancels = append(r.cancels, func() { requestCancels(r.t, live, tr.p.Now, tr.p.By, "overlap cancel_running") })
	}
	r.inputs.add(e, tr.p)
	tr.made.Execution = r.show(tr, e, def)
	if e.status == stored.Running {
		r.births[e.session] = append(r.births[e.session], e.k)
		r.events.Started(e.run(), 1)
		r.claimed[e.k] = &store.Claimed{
			ID: stored.IDOf(e.k, e.lo), Job: def, Owner: e.job, Number: e.n, Attempt: 1, Token: 1, Ends: cur.ending,
			ScheduledAt: stored.Cut(e.at), CreatedAt: stored.Cut(tr.p.Now), Trigger: stored.Value(stored.Triggers, e.trigger),
			Payload: tr.p.Payload, TraceID: tr.p.TraceID, SpanID: tr.p.ParentSpanID,
		}
	}
	if tr.p.IdempotencyKey != "" {
		r.keys.add(def.Platform, tr.p, stored.IDOf(e.k, e.lo))
	}
}

// show is the execution as it is read from now on.
func (r *triggering) show(tr *trigger, e *execution, def *job.Job) job.Execution {
	shown := job.Execution{
		ID: stored.IDOf(e.k, e.lo), RunNumber: e.n, ScheduledAt: stored.Cut(e.at), Trigger: tr.p.Kind, Status: stored.Value(stored.Statuses, e.status),
		JobRevision: e.revision, SkipReason: stored.Value(stored.Reasons, e.skip), CreatedAt: stored.Cut(e.created),
		JobID: def.ID, JobName: def.Name, Platform: def.Platform, MaxRetries: def.MaxRetries,
		Payload: append([]byte(nil), tr.p.Payload...), TriggeredBy: clean(tr.p.By), TraceID: clean(tr.p.TraceID), ParentSpanID: clean(tr.p.ParentSpanID),
	}
	at := func(t time.Time) *time.Time {
		if t.IsZero() {
			return nil
		}
		t = stored.Cut(t)
		return &t
	}
	switch e.status {
	case stored.Pending:
		shown.ReadyAt = at(e.ready)
	case stored.Running:
		shown.Attempt, shown.Token, shown.StartedAt, shown.WorkerID = 1, 1, at(e.started), r.alive[e.session].node
	case stored.Skipped:
		shown.CompletedAt = at(e.finished)
	}
	if tr.p.RetryOf != nil {
		id := tr.p.RetryOf.ID
		shown.RetryOf = &id
	}
	reads.Derive(&shown, e.queued, nil)
	return shown
}

// takes says whether the session takes the run at once.
func (r *triggering) takes(tr *trigger, j *job.Job) bool {
	if tr.p.Session == 0 || tr.p.Take == nil || !r.alive[tr.p.Session].may || r.held.Waits(j.Platform) {
		return false
	}
	return tr.taker.take(j)
}
