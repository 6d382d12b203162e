package maintain

import (
	"context"
	"testing"
	"time"
)

// folds counts folds.
type folds struct{ n int }

func (f *folds) Fold(context.Context) error { f.n++; return nil }

// TestFoldWaits: a burst puts folding off, but not for ever.
func TestFoldWaits(t *testing.T) {
	t.Parallel()
	counted, behind := &folds{}, true
	f := folding{behind: func() bool { return behind }, fold: counted.Fold}
	start := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	at := func(s int, want int) {
		t.Helper()
		if err := f.do(t.Context(), start.Add(time.Duration(s)*time.Second)); err != nil {
			t.Fatal(err)
		}
		if counted.n != want {
			t.Errorf("%d folds after %d s, want %d", counted.n, s, want)
		}
	}
	for s, want := range []int{1, 1, 1, 1, 1, 2, 2} {
		at(s, want)
	}
	behind = false
	at(7, 3)
	at(8, 4)
}
