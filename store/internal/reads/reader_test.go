package reads_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/internal/reads"
	"github.com/agentic-sdlc/scheduler/store/internal/stored"
)

// TestEntriesOnce: a walk over entries whose connection is lost, and that is run again,
// tells each entry once.
func TestEntriesOnce(t *testing.T) {
	t.Parallel()
	lost := errors.New("lost")
	var slots []int64 // after which each run begins
	run := func(_ context.Context, _ string, fn func(rows reads.Rows) error) error {
		var err error
		for range 5 {
			told := 0
			err = fn(func(statement string, args []any, fn func(r *stored.Row) error) error {
				if len(args) < 3 {
					return fn(&stored.Row{Values: []any{int64(1)}})
				}
				slots = append(slots, args[1].(int64))
				for slot := int64(1); slot <= 6; slot++ {
					if slot <= args[1].(int64) || slot == 4 { // in the range from 3
						continue
					}
					if told++; told > 2 {
						return lost
					}
					var to any
					if slot == 3 {
						to = int64(4)
					}
					if err := fn(&stored.Row{Values: []any{slot, to, int64(0), int64(0), slot, int64(2), int64(1), int64(2)}}); err != nil {
						return err
					}
				}
				return nil
			})
			if !errors.Is(err, lost) {
				return err
			}
		}
		return err
	}
	r := reads.NewReader(&reads.Dialect{}, run, run)
	var got []int64
	if err := r.Entries(t.Context(), job.DefaultPlatform, "j", time.Time{}, time.UnixMicro(6), func(e store.Entry) error {
		got = append(got, e.Slot.UnixMicro())
		return nil
	}); err != nil {
		t.Fatalf("Entries = %v, want no error", err)
	}
	if !slices.Equal(got, []int64{1, 2, 3, 5, 6}) {
		t.Errorf("Entries told %v, want 1, 2, 3, 5 and 6", got)
	}
	if want := []int64{-1 << 62, 2, 5}; !slices.Equal(slots, want) {
		t.Errorf("the runs began after %v, want %v", slots, want)
	}
	stop := errors.New("stop")
	if err := r.Entries(t.Context(), job.DefaultPlatform, "j", time.Time{}, time.UnixMicro(6), func(store.Entry) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("Entries = %v, want the error of the caller", err)
	}
}
