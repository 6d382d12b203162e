package sqlite

import "sync/atomic"

// quiet spares a periodic task its statements while nothing was written: idle
// daemons should cost nothing. The zero value looks once.
type quiet struct{ seen atomic.Int64 } // commits at the last look that found nothing, plus one

// unchanged reports that nothing was committed since the task last found nothing to
// do; if not, found is what to pass to nothing.
func (q *quiet) unchanged(w *writer) (found int64, unchanged bool) {
	found = w.commits.Load() + 1
	return found, found == q.seen.Load()
}

// nothing notes that the task found nothing to do.
func (q *quiet) nothing(found int64) { q.seen.Store(found) }
