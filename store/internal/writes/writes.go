// Package writes has the changes that every SQL adapter makes by the same statements, in
// the transaction of whoever asks. What is hot, or locks otherwise in one database than in
// the other, is the adapters' own.
package writes

import (
	"github.com/agentic-sdlc/scheduler/store/internal/reads"
	"github.com/agentic-sdlc/scheduler/store/internal/stored"
)

// Tx is a transaction: Query as reads.Rows, and Exec runs a statement, whose arguments are
// $1, $2 and so on in this order, and returns how many rows it changed.
type Tx struct {
	Query reads.Rows
	Exec  func(statement string, args ...any) (int64, error)
}

// first reads the row of a statement that has one at the most.
func (t Tx) first(statement string, args []any, fn func(r *stored.Row)) (found bool, err error) {
	err = t.Query(statement, args, func(r *stored.Row) error {
		found = true
		fn(r)
		return nil
	})
	return found, err
}
