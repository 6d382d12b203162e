package testbed

import (
	"testing"
	"time"
)

// pause is how long Poll rests between two looks.
const pause = 5 * time.Millisecond

// Poll asks ok again and again until it says yes, at least once and for as long as
// within; it returns the last answer. In a bubble of testing/synctest the time is the
// bubble's.
func Poll(within time.Duration, ok func() bool) bool {
	for end := time.Now().Add(within); !ok(); Pass(pause) {
		if time.Now().After(end) {
			return false
		}
	}
	return true
}

// Eventually polls until ok, and fails the test when that takes longer than within.
func Eventually(tb testing.TB, what string, within time.Duration, ok func() bool) {
	tb.Helper()
	if !Poll(within, ok) {
		tb.Fatalf("%s: not within %s", what, within)
	}
}

// Pass lets time pass. It is for what has a length and no end to wait for: how long an
// outage lasts, or for how long something is measured. Whoever waits for something to
// happen uses Eventually.
func Pass(d time.Duration) { time.Sleep(d) }
