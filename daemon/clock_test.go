package daemon

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// remote is a store's clock behind a network; both are of the bubble.
type remote struct {
	ahead     time.Duration // of this machine
	out, back time.Duration // the two halves of a round trip
	err       error
}

func (r *remote) read(context.Context) (time.Time, error) {
	time.Sleep(r.out)
	at := time.Now().Add(r.ahead)
	time.Sleep(r.back)
	return at, r.err
}

func TestClock(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var c Clock
		off := func() time.Duration { return time.Until(c.Now()) }
		if got := off(); got.Abs() > time.Microsecond {
			t.Fatalf("a clock that read nothing is %s off, want this machine's", got)
		}
		steps := []struct {
			name string
			r    remote
			want time.Duration
		}{
			{"the first reading is taken", remote{ahead: time.Hour, out: 10 * time.Millisecond, back: 10 * time.Millisecond}, time.Hour},
			{"a worse one that agrees is not", remote{ahead: time.Hour, out: 40 * time.Millisecond}, time.Hour},
			{"a slow one is dropped, whatever it says", remote{ahead: 2 * time.Hour, out: 200 * time.Millisecond, back: 100 * time.Millisecond}, time.Hour},
			{"a better one is taken", remote{ahead: time.Hour + 3*time.Millisecond, out: time.Millisecond, back: time.Millisecond}, time.Hour + 3*time.Millisecond},
			{"one that contradicts is taken: the store's clock was set", remote{ahead: -time.Minute, out: 50 * time.Millisecond, back: 50 * time.Millisecond}, -time.Minute},
		}
		for _, s := range steps {
			if err := c.Sync(t.Context(), s.r.read); err != nil {
				t.Fatal(err)
			}
			if got := off(); (got - s.want).Abs() > time.Microsecond {
				t.Errorf("%s: the clock is %s ahead, want %s", s.name, got, s.want)
			}
		}
		failed := remote{err: errors.New("away")}
		if err := c.Sync(t.Context(), failed.read); !errors.Is(err, failed.err) {
			t.Errorf("Sync() = %v, want %v", err, failed.err)
		}
		time.Sleep(24 * time.Hour)
		if got := off(); (got + time.Minute).Abs() > time.Microsecond {
			t.Errorf("after a day without a reading the clock is %s ahead, want %s", got, -time.Minute)
		}
	})
}
