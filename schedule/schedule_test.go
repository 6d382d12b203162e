package schedule_test

import (
	"sync"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/schedule"
)

func TestOnce(t *testing.T) {
	t.Parallel()
	at := utc(t, "2026-11-24T17:30:00Z")
	s := mustNew(t, schedule.Spec{At: at})
	if got := s.Next(at.Add(-1)); !got.Equal(at) {
		t.Errorf("Next before = %s, want %s", got, at)
	}
	if got := s.Next(at); !got.IsZero() {
		t.Errorf("Next at = %s, want none", got)
	}
	if got := s.Prev(at); !got.Equal(at) {
		t.Errorf("Prev at = %s, want %s", got, at)
	}
	if got := s.Prev(at.Add(-1)); !got.IsZero() {
		t.Errorf("Prev before = %s, want none", got)
	}
	if got := s.Count(at.Add(-1), at); got != 1 {
		t.Errorf("Count = %d, want 1", got)
	}
	if got := s.Canonical(); got != "" {
		t.Errorf("Canonical = %q, want none", got)
	}
}

func TestOnceIsNeverEarly(t *testing.T) {
	t.Parallel()
	at := utc(t, "2026-11-24T17:30:00.000000001Z")
	if got, want := mustNew(t, schedule.Spec{At: at}).Next(at), utc(t, "2026-11-24T17:30:01Z"); !got.Equal(want) {
		t.Errorf("Next = %s, want %s", got, want)
	}
}

func TestIntervalIsAnchored(t *testing.T) {
	t.Parallel()
	anchor := utc(t, "2026-03-07T10:00:00.9Z")
	s := mustNew(t, schedule.Spec{Expr: "@every 1d", Anchor: anchor, Zone: "America/New_York"})
	want := "2026-03-07T10:00:00Z 2026-03-08T10:00:00Z 2026-03-09T10:00:00Z" // elapsed time: no DST
	if got := following(s, anchor.AddDate(-1, 0, 0), 3); got != want {
		t.Errorf("slots = %s, want %s", got, want)
	}
	if got := s.Prev(anchor.Add(-time.Second)); !got.IsZero() {
		t.Errorf("Prev before the anchor = %s, want none", got)
	}
	later := mustNew(t, schedule.Spec{Expr: "@every 1d", Anchor: anchor, Start: utc(t, "2026-03-20T00:00:00Z")})
	if got, want := following(later, anchor, 1), "2026-03-20T10:00:00Z"; got != want {
		t.Errorf("with a start the first slot = %s, want %s", got, want)
	}
}

func TestIntervalWithoutAnchor(t *testing.T) {
	t.Parallel()
	s := mustNew(t, schedule.Spec{Expr: "@every 15m"})
	if got, want := following(s, utc(t, "2026-03-07T10:01:00Z"), 2), "2026-03-07T10:15:00Z 2026-03-07T10:30:00Z"; got != want {
		t.Errorf("slots = %s, want %s", got, want)
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	start, end := utc(t, "2026-01-02T00:00:00Z"), utc(t, "2026-01-04T00:00:00Z")
	s := mustNew(t, schedule.Spec{Expr: "@daily", Start: start, End: end})
	if got, want := following(s, start.AddDate(-1, 0, 0), 9), "2026-01-02T00:00:00Z 2026-01-03T00:00:00Z none"; got != want {
		t.Errorf("slots = %s, want %s: Start is inclusive, End exclusive", got, want)
	}
	if got, want := s.Prev(end.AddDate(1, 0, 0)), utc(t, "2026-01-03T00:00:00Z"); !got.Equal(want) {
		t.Errorf("Prev after the end = %s, want %s", got, want)
	}
	if got := s.Prev(start.Add(-1)); !got.IsZero() {
		t.Errorf("Prev before the start = %s, want none", got)
	}
	if got := s.Count(start.AddDate(-1, 0, 0), end.AddDate(1, 0, 0)); got != 2 {
		t.Errorf("Count = %d, want 2", got)
	}
	if got := s.Count(end, start); got != 0 {
		t.Errorf("Count backwards = %d, want 0", got)
	}
}

func TestLimitsWithFractions(t *testing.T) {
	t.Parallel()
	start, end := utc(t, "2026-01-02T00:00:00.5Z"), utc(t, "2026-01-04T00:00:00.5Z")
	s := mustNew(t, schedule.Spec{Expr: "@daily", Start: start, End: end})
	if got, want := following(s, start.AddDate(-1, 0, 0), 9), "2026-01-03T00:00:00Z 2026-01-04T00:00:00Z none"; got != want {
		t.Errorf("slots = %s, want %s", got, want)
	}
}

// TestExtremes: instants at and beyond the ends of the calendar have an answer.
func TestExtremes(t *testing.T) {
	t.Parallel()
	far := []time.Time{
		{}, time.Unix(-1<<62, 0), time.Unix(1<<62, 0), time.Unix(0, 0),
		time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC), time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC),
	}
	for _, zone := range []string{"", "America/New_York", "Asia/Manila"} {
		for _, expr := range []string{"* * * * * *", "30 2 29 2 *", "0 0 0 1 1 * 2099", "@every 7s"} {
			s := mustNew(t, schedule.Spec{Expr: expr, Zone: zone})
			for _, a := range far {
				if n := s.Next(a); !n.IsZero() && (n.Year() < 1 || n.Year() > 9999) {
					t.Errorf("%s %s: Next(%s) = %s", expr, zone, a, n)
				}
				if p := s.Prev(a); !p.IsZero() && (p.Year() < 1 || p.Year() > 9999) {
					t.Errorf("%s %s: Prev(%s) = %s", expr, zone, a, p)
				}
				for _, b := range far {
					if n := s.Count(a, b); n < 0 {
						t.Errorf("%s %s: Count(%s, %s) = %d", expr, zone, a, b, n)
					}
				}
			}
		}
	}
}

// TestDecember31OfALeapYear: time.ZoneBounds ends the last stretch of a leap year a
// day early; the walk must not stand still there.
func TestDecember31OfALeapYear(t *testing.T) {
	t.Parallel()
	for _, zone := range []string{"America/New_York", "Australia/Sydney", "Europe/London"} {
		s := mustNew(t, schedule.Spec{Expr: "0 * * * *", Zone: zone})
		from := utc(t, "2104-12-30T00:30:00Z")
		at := from
		for range 72 {
			next := s.Next(at)
			if next.Sub(at.Truncate(time.Hour)) != time.Hour {
				t.Fatalf("%s: Next(%s) = %s", zone, at, next)
			}
			at = next
		}
		if n := s.Count(from, at); n != 72 {
			t.Errorf("%s: Count = %d, want 72", zone, n)
		}
	}
}

func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	s := mustNew(t, schedule.Spec{Expr: "0 0 L * FRI", Zone: "Europe/London"})
	from := utc(t, "2026-01-01T00:00:00Z")
	want := following(s, from, 50)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			if got := following(s, from, 50); got != want {
				t.Errorf("slots = %s, want %s", got, want)
			}
			if _, err := schedule.New(schedule.Spec{Expr: "H H * * *", Zone: "Asia/Tokyo"}); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
}

func TestNextDoesNotAllocate(t *testing.T) {
	at := utc(t, "2026-03-07T00:00:00Z")
	for _, expr := range []string{"30 2 * * *", "*/5 * * * *", "0 0 15W,L * FRI#2", "@every 90s"} {
		s := mustNew(t, schedule.Spec{Expr: expr, Zone: "America/New_York"})
		n := testing.AllocsPerRun(100, func() {
			s.Next(at)
			s.Prev(at)
			s.Count(at, at.AddDate(1, 0, 0))
		})
		if n != 0 {
			t.Errorf("%s: %v allocations", expr, n)
		}
	}
}

func TestZonesLoad(t *testing.T) {
	t.Parallel()
	for _, name := range schedule.Zones() {
		if _, err := schedule.LoadZone(name); err != nil {
			t.Errorf("LoadZone(%q): %v", name, err)
		}
	}
}

func TestHashSpreads(t *testing.T) {
	t.Parallel()
	minutes := map[string]int{}
	const jobs = 6000
	for i := range jobs {
		s := mustNew(t, schedule.Spec{Expr: "H * * * *", Seed: "default/job-" + time.Duration(i).String()})
		minutes[s.Canonical()]++
	}
	for text, n := range minutes {
		if n < jobs/60/2 || n > jobs/60*2 {
			t.Errorf("%q has %d of %d jobs", text, n, jobs)
		}
	}
	if len(minutes) != 60 {
		t.Errorf("%d minutes are used, want 60", len(minutes))
	}
}
