//go:build failpoint

package failpoint

import (
	"os"
	"strings"
	"sync/atomic"
	"time"
)

// fresh is how long what the clock's file says is believed.
const fresh = 20 * time.Millisecond

var (
	clockFile = os.Getenv("SCHEDD_FAILPOINT_CLOCK")
	began     = time.Now()
	skew      atomic.Int64 // nanoseconds
	readUntil atomic.Int64 // nanoseconds after began
)

// Skew returns how far the wall clock is to be moved: the duration that stands in the
// file SCHEDD_FAILPOINT_CLOCK, 0 when there is none.
func Skew() time.Duration {
	if clockFile == "" {
		return 0
	}
	now := int64(time.Since(began))
	if until := readUntil.Load(); now < until || !readUntil.CompareAndSwap(until, now+int64(fresh)) {
		return time.Duration(skew.Load())
	}
	text, _ := os.ReadFile(clockFile)
	if d, err := time.ParseDuration(strings.TrimSpace(string(text))); err == nil {
		skew.Store(int64(d))
	}
	return time.Duration(skew.Load())
}
