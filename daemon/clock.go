package daemon

import (
	"context"
	"sync/atomic"
	"time"
)

const (
	// maxTrip is the round trip beyond which a reading of the store's clock is dropped.
	maxTrip = 250 * time.Millisecond
	// drift is how far this machine's clock may run from the store's in a second, when
	// nobody looks: what clocks of computers keep, with room.
	drift = 100 * time.Microsecond
)

// Clock is the one clock of nodes that share a store: the store's, followed by means of
// this machine's monotonic clock, so that a wall clock that jumps moves nothing. The
// zero value, and one that has not been read yet, is this machine's wall clock.
type Clock struct {
	ref atomic.Pointer[reading]
	own bool // it follows no store
}

// ClockAt returns a clock on which it is that instant now. It goes on by itself and follows
// no store: with it a rehearsal lives through days that have not come.
func ClockAt(at time.Time) *Clock {
	c := &Clock{own: true}
	c.ref.Store(&reading{here: time.Now(), there: at})
	return c
}

// reading is one look at the store's clock.
type reading struct {
	here  time.Time     // with the monotonic clock
	there time.Time     // at the same moment
	trust time.Duration // how far off there may be
}

// Now returns the instant, in UTC with microseconds, as the store's clock has it.
func (c *Clock) Now() time.Time {
	r := c.ref.Load()
	if r == nil {
		return now()
	}
	return r.there.Add(time.Since(r.here)).UTC().Truncate(time.Microsecond)
}

// Sync reads the store's clock. A reading that says no more than what is known already
// changes nothing, so that the clock does not tremble with the network.
func (c *Clock) Sync(ctx context.Context, read func(context.Context) (time.Time, error)) error {
	if c.own {
		return nil
	}
	sent := time.Now()
	there, err := read(ctx)
	if err != nil {
		return err
	}
	if trip := time.Since(sent); trip <= maxTrip {
		c.note(reading{here: sent.Add(trip / 2), there: there, trust: trip / 2})
	}
	return nil
}

// note takes a reading if it contradicts the last one, or is more precise than that is
// by now.
func (c *Clock) note(r reading) {
	last := c.ref.Load()
	if last != nil {
		age := r.here.Sub(last.here)
		known := last.trust + time.Duration(age.Seconds()*float64(drift))
		apart := r.there.Sub(last.there.Add(age)).Abs()
		if apart <= known+r.trust && r.trust >= known {
			return
		}
	}
	c.ref.Store(&r)
}
