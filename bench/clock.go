package main

import (
	"sync/atomic"
	"time"
)

// wall is the daemon's clock: microseconds, as they are stored.
func wall() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }

// clock is a clock that moves only when it is told to, so that slots come due as
// fast as they can be served.
type clock struct{ us atomic.Int64 }

func newClock(at time.Time) *clock {
	c := &clock{}
	c.us.Store(at.UnixMicro())
	return c
}

func (c *clock) now() time.Time { return time.UnixMicro(c.us.Load()).UTC() }

// advance moves the clock on and returns the new time.
func (c *clock) advance(d time.Duration) time.Time {
	return time.UnixMicro(c.us.Add(d.Microseconds())).UTC()
}
