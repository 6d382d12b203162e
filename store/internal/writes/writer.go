package writes

import (
	"context"
)

// Writer is the part of a store that people change by hand, alike in every database: rows
// so few that no statement about them needs to be the best for its database. Adapters
// embed it, beside reads.Reader.
type Writer struct {
	dialect *Dialect
	write   Run
}

// Run runs fn in a transaction, and may run it again when that came to nothing.
type Run func(ctx context.Context, fn func(t Tx) error) error

// Dialect is what one database has otherwise than another.
type Dialect struct {
	// ForUpdate is the end of a SELECT that locks what it reads; empty where only one
	// writes.
	ForUpdate string
	// LiveJobs is the statement that counts the jobs of the platform $1 that have not ended;
	// steps of workflows are none.
	LiveJobs string
	// Taken reports whether an error says that there is a row of that key already.
	Taken func(err error) bool
}

// NewWriter returns a writer of the database that write reaches.
func NewWriter(d *Dialect, write Run) Writer { return Writer{dialect: d, write: write} }

// change runs fn in a transaction and returns its answer.
func change[T any](ctx context.Context, w *Writer, fn func(t Tx) (T, error)) (answer T, err error) {
	err = w.write(ctx, func(t Tx) error {
		answer, err = fn(t)
		return err
	})
	return answer, err
}
