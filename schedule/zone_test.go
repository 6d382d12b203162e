package schedule

import (
	"math/rand/v2"
	"testing"
	"time"
)

// TestStretches: the stretch around an instant contains it, has its offset and is
// followed by one that starts where it ends, in every zone and century.
func TestStretches(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	for _, name := range Zones() {
		z, err := loadZone(name)
		if err != nil {
			t.Fatal(err)
		}
		for i := range 200 {
			at := random.Int64N(4e9) // within the table
			if i%4 == 0 {
				at = firstSecond + random.Int64N(lastSecond-firstSecond)
			}
			s := z.at(at)
			if at < s.start || at >= s.end {
				t.Fatalf("%s: stretch of %d is [%d, %d)", name, at, s.start, s.end)
			}
			if _, offset := time.Unix(at, 0).In(z.loc).Zone(); int64(offset) != s.offset {
				t.Fatalf("%s: offset at %d is %d, want %d", name, at, s.offset, offset)
			}
			if s.end < farFuture {
				if next := z.at(s.end); next.start != s.end && next.offset != s.offset {
					t.Fatalf("%s: stretch %+v is followed by %+v", name, s, next)
				}
			}
		}
	}
}

// TestReached: reached and firstAt are inverse to each other around every change.
func TestReached(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "Pacific/Kwajalein", "Africa/Casablanca", "America/Juneau"} {
		z, err := loadZone(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, start := range z.starts {
			checkReached(t, name, z, start)
		}
	}
}

// checkReached checks the days around an instant.
func checkReached(t *testing.T, name string, z *zone, around int64) {
	t.Helper()
	high := z.reached(around - 3*secondsPerDay)
	for at := around - 3*secondsPerDay; at < around+3*secondsPerDay; at += 599 {
		now := z.reached(at)
		if now < high {
			t.Fatalf("%s: reached(%d) = %d, but %d before", name, at, now, high)
		}
		high = now
		if first := z.firstAt(now); first > at {
			t.Fatalf("%s: firstAt(%d) = %d, after %d", name, now, first, at)
		}
		if first := z.firstAt(now + 1); first <= at {
			t.Fatalf("%s: firstAt(%d) = %d, not after %d", name, now+1, first, at)
		}
	}
}
