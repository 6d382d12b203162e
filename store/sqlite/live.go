package sqlite

import (
	"slices"

	"github.com/agentic-sdlc/scheduler/store/internal/stored"
)

// A cursor remembers which executions of its job may not be over, so that settling
// one need not touch the cursor: the next planning looks at them and forgets those
// that are. Usually there is none or one, stored as its key; more are packed, eight
// bytes each.

// packLive stores keys: null, an integer, or a blob; see stored.Keys.
func packLive(keys []int64) any {
	switch len(keys) {
	case 0:
		return nil
	case 1:
		return keys[0]
	}
	return stored.PackKeys(keys)
}

const sqlStatusOf = `SELECT status FROM executions WHERE k = ?`

// stillLive removes from keys the executions that are over.
func stillLive(c *conn, keys []int64) ([]int64, error) {
	var failure error
	keys = slices.DeleteFunc(keys, func(k int64) bool {
		over := true // a row that retention removed is over
		_, err := c.first(sqlStatusOf, []any{k}, func(r *row) { over = r.Int() > stored.Running })
		if err != nil && failure == nil {
			failure = err
		}
		return over
	})
	return keys, failure
}

const sqlCountQueued = `SELECT count(*) FROM executions WHERE job = ? AND queued IS NOT NULL`

// countQueued returns how many executions of the job wait for another to end.
func countQueued(c *conn, seq int64) (n int64, err error) {
	_, err = c.first(sqlCountQueued, []any{seq}, func(r *row) { n = r.Int() })
	return n, err
}
