package sqlite

import (
	"time"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/internal/acts"
	"github.com/agentic-sdlc/scheduler/store/internal/stored"
)

var _ acts.Tx = eventTx{}

// eventTx decides about events in the writer: nobody else does at the same time.
type eventTx struct {
	s     *Store
	c     *conn
	now   time.Time
	newID func() job.ID
}

func (x eventTx) Query(query string, args []any, fn func(r *stored.Row) error) error {
	return x.c.query(query, args, fn)
}

func (x eventTx) Exec(query string, args ...any) (int64, error) { return x.c.exec(query, args...) }

func (x eventTx) Queue(query string, args ...any) error {
	_, err := x.c.exec(query, args...)
	return err
}

func (x eventTx) Ask(query string, args []any, fn func(r *stored.Row) error) error {
	return x.c.query(query, args, fn)
}

func (x eventTx) Flush() error { return nil }

func (x eventTx) Lock() (bool, error) { return true, nil }

func (x eventTx) Outbox(after int64, limit int) ([]store.OutboxRow, error) {
	return x.s.outbox(x.c, after, limit)
}

func (x eventTx) Create(batch []*store.CreateJob) (seqs []int64, errs []error, err error) {
	seqs, errs = make([]int64, len(batch)), make([]error, len(batch))
	for i, p := range batch {
		err := x.alone(func() (err error) {
			seqs[i], err = createJob(x.c, p)
			return err
		})
		if errs[i] = err; err != nil && !ownFault(err) {
			return nil, nil, err
		}
	}
	return seqs, errs, nil
}

func (x eventTx) Trigger(batch []*store.Trigger) (made []store.Triggered, errs []error, err error) {
	made, errs = make([]store.Triggered, len(batch)), make([]error, len(batch))
	for i, t := range batch {
		err := x.alone(func() (err error) {
			made[i], err = x.s.triggerOne(x.c, t)
			return err
		})
		if errs[i] = err; err != nil && !ownFault(err) {
			return nil, nil, err
		}
	}
	return made, errs, nil
}

func (x eventTx) Change(seq int64, by string, fn job.Change) error {
	return x.alone(func() error {
		run := change{
			planning: planning{s: x.s, c: x.c, p: &store.PlanDue{Now: x.now, NewID: x.newID}},
			p:        &store.ChangeJob{Now: x.now, By: by, NewID: x.newID, Change: fn}, seq: seq,
		}
		return run.decide()
	})
}

func (x eventTx) Seen(string) bool { return false }

func (x eventTx) Live(seq int64) (ids []job.ID, err error) {
	keys, err := liveOf(x.c, seq)
	for _, k := range keys {
		if _, err := x.c.first(`SELECT lo FROM executions WHERE k = ? AND status = 1`, []any{k}, func(r *row) { ids = append(ids, stored.IDOf(k, r.Int())) }); err != nil {
			return nil, err
		}
	}
	return ids, err
}

// alone undoes fn when it fails, and nothing else.
func (x eventTx) alone(fn func() error) error {
	if _, err := x.c.exec("SAVEPOINT act"); err != nil {
		return err
	}
	fault := fn()
	if fault != nil {
		if _, err := x.c.exec("ROLLBACK TO act"); err != nil {
			return err
		}
	}
	if _, err := x.c.exec("RELEASE act"); err != nil {
		return err
	}
	return fault
}

// ownFault reports whether an error is about what was asked for, not about the store.
func ownFault(err error) bool {
	switch job.CodeOf(err) {
	case job.Invalid, job.NotFound, job.Conflict, job.VersionMismatch:
		return true
	}
	return false
}
