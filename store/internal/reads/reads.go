// Package reads has the questions that every SQL adapter answers by the same
// statements. What one database has in other words than the other is in a Dialect.
// A statement runs on the connection, and in the transaction, of whoever asks.
package reads

import "github.com/agentic-sdlc/scheduler/store/internal/stored"

// Rows runs a statement, whose arguments are $1, $2 and so on, and calls fn for each
// row. fn must copy what it keeps of blobs.
type Rows func(statement string, args []any, fn func(r *stored.Row) error) error

// first reads the row of a statement that has one at the most, and reports whether it
// has.
func (rows Rows) first(statement string, args []any, fn func(r *stored.Row)) (found bool, err error) {
	err = rows(statement, args, func(r *stored.Row) error {
		found = true
		fn(r)
		return nil
	})
	return found, err
}

// Dialect is what the statements of one database have in other words. A job is j in
// them, its cursor c, an execution or an epoch e.
type Dialect struct {
	// JobColumns are the columns of a job for stored.ScanJob, Status that of its status, and
	// MaxRetries that of its max_retries.
	JobColumns, Status, MaxRetries string
	// States is the table that Status is in, with its name in statements.
	States string
	// Ended is when a job that is over ended.
	Ended string
	// Until is the column of the end of an epoch.
	Until string
	// Waiting joins the table that has queued and ready_at of an execution; "" = it has
	// them itself.
	Waiting string
	// Contains is the condition that the column %s has a text in it, whatever the case.
	Contains string
	// Matches is the operator that compares a text with a pattern, and Pattern makes a
	// pattern of one in which only * and ? are special.
	Matches string
	// Expecting is the condition that a job may say what is expected of its runs: that of an
	// index.
	Expecting string
	Pattern   func(glob string) string
}
