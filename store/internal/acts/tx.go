package acts

import (
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/internal/stored"
)

// Tx is a transaction of an adapter. Arguments of statements are $1, $2 and so on, first
// named in that order.
type Tx interface {
	// Query runs a statement and calls fn for each row.
	Query(query string, args []any, fn func(r *stored.Row) error) error
	// Exec runs a statement and returns how many rows it changed.
	Exec(query string, args ...any) (int64, error)
	// Queue runs a statement before the next Query, Exec or Flush, in order.
	Queue(query string, args ...any) error
	// Ask is Query, done when Flush is.
	Ask(query string, args []any, fn func(r *stored.Row) error) error
	// Flush waits for what was queued and asked.
	Flush() error

	// Lock holds the row of event_state; false when somebody else does.
	Lock() (bool, error)
	// Outbox returns rows after the position.
	Outbox(after int64, limit int) ([]store.OutboxRow, error)
	// Create stores jobs; errs are those of single jobs, whose seq is 0.
	Create(batch []*store.CreateJob) (seqs []int64, errs []error, err error)
	// Trigger makes executions; errs are those of single calls.
	Trigger(batch []*store.Trigger) (made []store.Triggered, errs []error, err error)
	// Change changes the job with the number; running are executions that were asked to
	// stop.
	Change(seq int64, by string, change job.Change) error
	// Seen reports whether it was asked the same before in this transaction.
	Seen(what string) bool
	// Live lists executions of a job that run.
	Live(seq int64) ([]job.ID, error)
}
