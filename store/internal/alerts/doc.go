// Package alerts has what every SQL adapter does about alerts by the same statements: it
// changes rules and alerts in a transaction of the adapter's.
package alerts

import (
	"time"

	"github.com/agentic-sdlc/scheduler/store/internal/reads"
	"github.com/agentic-sdlc/scheduler/store/internal/stored"
)

// Rows runs a statement and calls fn for each row.
type Rows = reads.Rows

// Tx is a transaction of an adapter. Arguments of statements are $1, $2 and so on, first
// named in that order.
type Tx interface {
	Query(query string, args []any, fn func(r *stored.Row) error) error
	// Exec runs a statement and returns how many rows it changed.
	Exec(query string, args ...any) (int64, error)
	// Lock waits until nobody else changes alerts, and keeps others from it.
	Lock() error
	// Emit writes events with the transaction.
	Emit(events *stored.Events, now time.Time) error
}
