package maintain

import (
	"context"
	"time"
)

// foldWait is how long folding waits at most for a burst to be planned. What is not
// folded is added by whoever reads: it costs readers time, a millisecond for tens of thousands of
// executions.
const foldWait = 5 * time.Second

// folding folds counters. Folding what many jobs did once costs as much as a third of
// running them: while jobs are late it waits.
type folding struct {
	fold   func(ctx context.Context) error
	behind func() bool
	last   time.Time
}

func (f *folding) do(ctx context.Context, now time.Time) error {
	if f.behind() && now.Sub(f.last) < foldWait {
		return nil
	}
	f.last = now
	return f.fold(ctx)
}
