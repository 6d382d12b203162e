package daemon

import (
	"context"
	"testing"
	"time"
)

// TestClockAt: a clock of its own begins where it was put, goes on, and asks no store.
func TestClockAt(t *testing.T) {
	t.Parallel()
	at := time.Date(2031, 4, 5, 6, 7, 8, 0, time.UTC)
	c := ClockAt(at)
	before := time.Now()
	if err := c.Sync(t.Context(), func(context.Context) (time.Time, error) {
		t.Error("it asked a store")
		return time.Time{}, nil
	}); err != nil {
		t.Fatal(err)
	}
	first := c.Now()
	if passed := first.Sub(at); passed < 0 || passed > time.Since(before)+time.Minute {
		t.Errorf("it is %s, want %s", first, at)
	}
	if second := c.Now(); second.Before(first) {
		t.Errorf("it went back from %s to %s", first, second)
	}
}
