package postgres

import (
	"slices"
	"sync"
)

// A cursor remembers which executions of its job may not be over, so that settling
// one need not touch the cursor: the next planning looks at them and forgets those
// that are. Usually there is none or one.

// sqlLive finds those of the executions that are not over.
const sqlLive = `SELECT k FROM executions WHERE k = ANY ($1::bigint[]) AND status <= 1`

// sqlHold is sqlLive, and keeps them from ending until this transaction has ended: one
// that is to wait for them must be seen by whoever ends them.
const sqlHold = `SELECT k FROM executions WHERE k = ANY ($1::bigint[]) AND status <= 1 ORDER BY k FOR SHARE`

// stillLive returns those of the keys whose executions are not over, in order.
func stillLive(t *tx, query string, keys []int64) ([]int64, error) {
	if len(keys) == 0 {
		return nil, nil
	}
	if query == sqlHold { // whoever claims one takes its row of waiting first: so do we, or each waits for the other
		t.queue(`SELECT true FROM waiting WHERE k = ANY ($1::bigint[]) ORDER BY k FOR UPDATE`, keys)
	}
	live := map[int64]bool{}
	err := t.query(query, []any{keys}, func(r *row) error {
		live[r.Int()] = true
		return nil
	})
	return slices.DeleteFunc(slices.Clone(keys), func(k int64) bool { return !live[k] }), err
}

// countQueued returns how many executions of each job wait for another to end.
func countQueued(t *tx, seqs []int64) (map[int64]int, error) {
	counts := map[int64]int{}
	err := t.query(`SELECT job, count(*) FROM waiting WHERE job = ANY ($1::bigint[]) AND queued IS NOT NULL GROUP BY job`, []any{seqs}, func(r *row) error {
		seq := r.Int()
		counts[seq] = int(r.Int())
		return nil
	})
	return counts, err
}

// maxOver bounds how many ends each half of ended remembers.
const maxOver = 32_768

// ended remembers executions that this process has ended, the newest of them: what is
// over stays over, so planning need not ask for it. The zero value remembers nothing.
type ended struct {
	mu       sync.Mutex
	new, old map[int64]struct{}
}

func (e *ended) add(keys map[int64]bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for k := range keys {
		if e.new == nil || len(e.new) >= maxOver {
			e.old, e.new = e.new, make(map[int64]struct{}, 1024)
		}
		e.new[k] = struct{}{}
	}
}

// forget removes from keys what is over as far as is known.
func (e *ended) forget(keys []int64) []int64 {
	return slices.DeleteFunc(keys, func(k int64) bool {
		if _, over := e.new[k]; over {
			return true
		}
		_, over := e.old[k]
		return over
	})
}
