package schedule_test

import (
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/cronexpr"
	"pgregory.net/rapid"

	"github.com/agentic-sdlc/scheduler/schedule"
	"github.com/agentic-sdlc/scheduler/schedule/oracle"
)

// aroundTransition picks an instant near a change of offset of the zone, any
// instant for a zone without one.
func aroundTransition(t *rapid.T, zone string) time.Time {
	at := genInstant(1840, 2110).Draw(t, "instant")
	loc := time.UTC
	if zone != "" {
		loc, _ = schedule.LoadZone(zone)
	}
	changes := transitions(loc, at, at.AddDate(2, 0, 0), 24*time.Hour)
	if len(changes) == 0 {
		return at
	}
	reach := rapid.SampledFrom([]int{3 * 3600, 30 * 3600}).Draw(t, "reach")
	shift := rapid.IntRange(-reach, reach).Draw(t, "shift")
	return rapid.SampledFrom(changes).Draw(t, "change").Add(time.Duration(shift) * time.Second)
}

// checkWindow compares a window with the oracle. Limits may leave a spec without a
// slot: then the oracle must know of none.
func checkWindow(t *rapid.T, spec schedule.Spec, from, to time.Time) {
	want, err := oracle.Slots(judge(spec), from, to)
	if err != nil {
		t.Fatal(err)
	}
	if len(want) == 0 && refusal(spec) == schedule.CodeNeverFires {
		return
	}
	s := compile(t, spec)
	if diff := checkSlots(s, from, to, want); diff != "" {
		t.Fatalf("%+v in [%s, %s): %s", spec, from.Format(time.RFC3339Nano), to.Format(time.RFC3339Nano), diff)
	}
}

// TestSlotsAroundTransitions: Next, Prev and Count agree with the oracle near changes of offset.
func TestSlotsAroundTransitions(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		spec := genSpec(false).Draw(t, "spec")
		from, to := aroundTransition(t, spec.Zone), aroundTransition(t, spec.Zone)
		if span := to.Sub(from); span <= 0 || span > 72*time.Hour {
			to = from.Add(72 * time.Hour)
		}
		checkWindow(t, spec, from, to)
	})
}

// TestSecondsAroundTransitions: the same for expressions with seconds and years.
func TestSecondsAroundTransitions(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		spec := genSpec(true).Draw(t, "spec")
		at := aroundTransition(t, spec.Zone)
		hours := time.Duration(rapid.IntRange(1, 4).Draw(t, "hours"))
		checkWindow(t, spec, at.Add(-hours*time.Hour), at.Add(hours*time.Hour))
	})
}

// TestSlotsOfAMonth: the same over a month and more.
func TestSlotsOfAMonth(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		spec := genSpec(false).Draw(t, "spec")
		from := genInstant(1990, 2120).Draw(t, "from")
		checkWindow(t, spec, from, from.AddDate(0, 0, 40))
	})
}

// TestSlotsWithLimits: Start is inclusive, End exclusive, whatever their fractions.
func TestSlotsWithLimits(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		spec := genSpec(false).Draw(t, "spec")
		if rapid.Bool().Draw(t, "interval") {
			spec.Expr = rapid.SampledFrom([]string{"@every 90s", "@every 1h30m", "@every 1d", "@every 2w", "@EVERY 7m"}).Draw(t, "every")
			spec.Anchor = genInstant(2020, 2022).Draw(t, "anchor")
		}
		from := genInstant(2019, 2023).Draw(t, "from")
		to := from.AddDate(0, 0, 20)
		limit := genInstant(2019, 2023)
		if rapid.Bool().Draw(t, "started") {
			spec.Start = limit.Draw(t, "start")
		}
		if rapid.Bool().Draw(t, "ended") {
			spec.End = limit.Draw(t, "end")
		}
		if !spec.End.IsZero() && !spec.Start.Before(spec.End) {
			spec.Start, spec.End = spec.End, spec.Start.Add(time.Nanosecond)
		}
		checkWindow(t, spec, from, to)
	})
}

// TestNextPrevCountAgree: at any instant of ten thousand years the three are
// consistent with each other.
func TestNextPrevCountAgree(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := compile(t, genSpec(true).Draw(t, "spec"))
		instants := genInstant(1, 9999)
		if rapid.Bool().Draw(t, "near") {
			instants = genInstant(1960, 2110)
		}
		at := instants.Draw(t, "at")
		const tick = time.Nanosecond
		next, prev := s.Next(at), s.Prev(at)
		if !next.IsZero() {
			switch {
			case !next.After(at):
				t.Fatalf("Next(%s) = %s is not after", at, next)
			case !s.Prev(next).Equal(next):
				t.Fatalf("Prev(%s) = %s", next, s.Prev(next))
			case !s.Prev(next.Add(-tick)).Equal(prev):
				t.Fatalf("Prev before %s = %s, want %s", next, s.Prev(next.Add(-tick)), prev)
			case s.Count(at, next) != 1 || s.Count(at, next.Add(-tick)) != 0:
				t.Fatalf("Count(%s, %s) = %d", at, next, s.Count(at, next))
			}
		}
		if !prev.IsZero() && (prev.After(at) || !s.Next(prev).Equal(next) || !s.Next(prev.Add(-tick)).Equal(prev)) {
			t.Fatalf("Prev(%s) = %s, whose Next is %s", at, prev, s.Next(prev))
		}
		later := at.Add(time.Duration(rapid.Int64Range(0, 400*24*3600).Draw(t, "later")) * time.Second)
		if n := s.Next(later); !n.IsZero() && n.Before(next) {
			t.Fatalf("Next(%s) = %s, but Next(%s) = %s", at, next, later, n)
		}
		end := instants.Draw(t, "end")
		if end.Before(later) {
			return
		}
		if a, b, all := s.Count(at, later), s.Count(later, end), s.Count(at, end); a+b != all || a < 0 || b < 0 {
			t.Fatalf("Count(%s, %s, %s) = %d + %d, together %d", at, later, end, a, b, all)
		}
	})
}

// TestNextIsThatOfCronexpr: in UTC and up to 2099, on the canonical form, both
// engines find the same slots however far away they are.
func TestNextIsThatOfCronexpr(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		expr := genExpr(true).Filter(func(expr string) bool { return fires(schedule.Spec{Expr: expr}) }).Draw(t, "expr")
		s := compile(t, schedule.Spec{Expr: expr})
		text := s.Canonical()
		switch len(strings.Fields(text)) {
		case 5:
			text = "0 " + text + " *"
		case 6:
			text += " *"
		}
		peer, err := cronexpr.Parse(text)
		if err != nil {
			t.Fatalf("cronexpr refuses %q: %v", text, err)
		}
		at := genInstant(1970, 2090).Draw(t, "at")
		for range 5 {
			got, want := s.Next(at), peer.Next(at)
			if got.Year() > 2099 {
				got = time.Time{}
			}
			if !got.Equal(want) {
				t.Fatalf("%q after %s: got %s, cronexpr has %s", text, at, got, want)
			}
			if at = got; at.IsZero() {
				return
			}
		}
	})
}

// TestCanonicalIsAFixedPoint: the canonical form gives the same schedule and is its own form.
func TestCanonicalIsAFixedPoint(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		spec := genSpec(rapid.Bool().Draw(t, "seconds")).Draw(t, "spec")
		s := compile(t, spec)
		again := spec
		again.Expr, again.Seed = s.Canonical(), "another"
		s2, err := schedule.New(again)
		if err != nil {
			t.Fatalf("New(%q) of %q: %v", again.Expr, spec.Expr, err)
		}
		if s2.Canonical() != again.Expr {
			t.Fatalf("%q → %q → %q", spec.Expr, again.Expr, s2.Canonical())
		}
		if s2.Describe() != s.Describe() {
			t.Fatalf("%q is %q, but %q is %q", spec.Expr, s.Describe(), again.Expr, s2.Describe())
		}
		at := aroundTransition(t, spec.Zone)
		for range 20 {
			n, n2 := s.Next(at), s2.Next(at)
			if !n.Equal(n2) {
				t.Fatalf("%q and %q after %s: %s and %s", spec.Expr, again.Expr, at, n, n2)
			}
			if at = n; n.IsZero() {
				return
			}
		}
	})
}
