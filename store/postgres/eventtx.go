package postgres

import (
	"time"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/internal/acts"
	"github.com/agentic-sdlc/scheduler/store/internal/stored"
)

var _ acts.Tx = (*eventTx)(nil)

// eventTx decides about events in one transaction.
type eventTx struct {
	s      *Store
	t      *tx
	now    time.Time
	newID  func() job.ID
	events stored.Events
	seen   map[string]bool
}

func (x *eventTx) Query(query string, args []any, fn func(r *stored.Row) error) error {
	return x.t.query(query, args, fn)
}

func (x *eventTx) Exec(query string, args ...any) (int64, error) { return x.t.exec(query, args...) }

func (x *eventTx) Queue(query string, args ...any) error {
	x.t.queue(query, args...)
	return nil
}

func (x *eventTx) Ask(query string, args []any, fn func(r *stored.Row) error) error {
	x.t.queueQuery(query, args, fn)
	return nil
}

func (x *eventTx) Flush() error { return x.t.flush() }

func (x *eventTx) Lock() (bool, error) {
	return x.t.first(`SELECT 1 FROM event_state FOR UPDATE SKIP LOCKED`, nil, func(*row) {})
}

func (x *eventTx) Outbox(after int64, limit int) ([]store.OutboxRow, error) {
	return x.s.outbox(x.t, after, limit)
}

func (x *eventTx) Seen(what string) bool {
	if x.seen == nil {
		x.seen = map[string]bool{}
	}
	had := x.seen[what]
	x.seen[what] = true
	return had
}

func (x *eventTx) Create(batch []*store.CreateJob) (seqs []int64, errs []error, err error) {
	m := creating{x: x, batch: batch, seqs: make([]int64, len(batch)), errs: make([]error, len(batch))}
	return m.seqs, m.errs, m.all()
}

func (x *eventTx) Trigger(batch []*store.Trigger) (made []store.Triggered, errs []error, err error) {
	calls := make([]*trigger, len(batch))
	for i, p := range batch {
		calls[i] = &trigger{p: p}
	}
	run := x.s.triggering(x.t, calls)
	run.into = &x.events
	if err := run.all(); err != nil {
		return nil, nil, err
	}
	for _, tr := range calls {
		made, errs = append(made, tr.made), append(errs, tr.err)
	}
	return made, errs, x.t.flush()
}

func (x *eventTx) Change(seq int64, by string, fn job.Change) error {
	run := change{
		planning: planning{s: x.s, t: x.t, p: &store.PlanDue{Now: x.now, NewID: x.newID}, careful: true, taker: &taker{}},
		p:        &store.ChangeJob{Now: x.now, By: by, NewID: x.newID, Change: fn}, seq: seq,
	}
	err := run.decide()
	x.events.Add(&run.events)
	return err
}

func (x *eventTx) Live(seq int64) (ids []job.ID, err error) {
	locked, err := lockCursors(x.t, []int64{seq})
	if err != nil || locked[seq] == nil {
		return nil, err
	}
	err = x.t.query(`SELECT k, lo FROM executions WHERE k = ANY ($1::bigint[]) AND status = 1`, []any{locked[seq].live}, func(r *row) error {
		ids = append(ids, stored.IDOf(r.Int(), r.Int()))
		return nil
	})
	return ids, err
}
