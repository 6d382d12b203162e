package schedule_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/schedule"
	"github.com/agentic-sdlc/scheduler/schedule/oracle"
)

// mustNew compiles a spec that has to be good.
func mustNew(t testing.TB, spec schedule.Spec) *schedule.Schedule {
	t.Helper()
	s, err := schedule.New(spec)
	if err != nil {
		t.Fatalf("New(%+v): %v", spec, err)
	}
	return s
}

// utc reads an RFC 3339 time.
func utc(t testing.TB, text string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return at.UTC()
}

// judge translates a spec for the oracle.
func judge(spec schedule.Spec) oracle.Spec {
	return oracle.Spec{
		Expr: spec.Expr, At: spec.At, Zone: spec.Zone, DST: string(spec.DST),
		Start: spec.Start, End: spec.End, Anchor: spec.Anchor, Seed: spec.Seed,
	}
}

// forward lists the slots in [from, to) by Next.
func forward(s *schedule.Schedule, from, to time.Time) []time.Time {
	var slots []time.Time
	for at := s.Next(from.Add(-time.Nanosecond)); !at.IsZero() && at.Before(to); at = s.Next(at) {
		slots = append(slots, at)
	}
	return slots
}

// backward lists the slots in [from, to), in order, by Prev.
func backward(s *schedule.Schedule, from, to time.Time) []time.Time {
	var slots []time.Time
	for at := s.Prev(to.Add(-time.Nanosecond)); !at.IsZero() && !at.Before(from); at = s.Prev(at.Add(-time.Nanosecond)) {
		slots = append(slots, at)
	}
	slices.Reverse(slots)
	return slots
}

// checkSlots compares Next, Prev and Count in [from, to) with the slots wanted. It
// returns what differs, "" when nothing does.
func checkSlots(s *schedule.Schedule, from, to time.Time, want []time.Time) string {
	if diff := diffSlots("Next", forward(s, from, to), want); diff != "" {
		return diff
	}
	if diff := diffSlots("Prev", backward(s, from, to), want); diff != "" {
		return diff
	}
	n := s.Count(from.Add(-time.Nanosecond), to.Add(-time.Nanosecond))
	if n != int64(len(want)) {
		return fmt.Sprintf("Count: got %d, want %d", n, len(want))
	}
	return ""
}

// diffSlots says where two lists of slots part.
func diffSlots(what string, got, want []time.Time) string {
	for i := range max(len(got), len(want)) {
		g, w := "none", "none"
		if i < len(got) {
			g = got[i].Format(time.RFC3339)
		}
		if i < len(want) {
			w = want[i].Format(time.RFC3339)
		}
		if g != w {
			return what + ": got " + g + ", want " + w
		}
	}
	return ""
}

// transitions finds the changes of the offset of a zone in [from, to), without help
// from ZoneBounds; changes that are undone within a step are not seen.
func transitions(loc *time.Location, from, to time.Time, step time.Duration) []time.Time {
	offset := func(unix int64) int {
		_, o := time.Unix(unix, 0).In(loc).Zone()
		return o
	}
	var found []time.Time
	for a := from.Unix(); a < to.Unix(); a += int64(step / time.Second) {
		lo, hi := a, a+int64(step/time.Second)
		if offset(lo) == offset(hi) {
			continue
		}
		for before := offset(lo); hi-lo > 1; {
			if mid := lo + (hi-lo)/2; offset(mid) == before {
				lo = mid
			} else {
				hi = mid
			}
		}
		found = append(found, time.Unix(hi, 0).UTC())
	}
	return found
}
