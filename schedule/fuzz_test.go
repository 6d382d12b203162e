package schedule_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/schedule"
	"github.com/agentic-sdlc/scheduler/schedule/oracle"
)

// fuzzSeeds are expressions with every form and many faults.
var fuzzSeeds = []string{
	"* * * * *", "30 2 * * *", "*/15 9-17 * * MON-FRI", "0 22-2/2 28-3 NOV-FEB FRI-MON", "0 0 13 * 5",
	"*/30 * * * * *", "0 0 12 * * ? 2030", "0 0 0 29 2 * 2024-2099/4", "0 0 L,LW,15W * ?", "0 0 * * 5L,FRI#2,7#5",
	"H H(1-5) H * H", "H/15 H(0-20)/7 * * *", "@every 1h30m", "@every 1.5d", "@Daily", "@reboot", "TZ=UTC * * * * *",
	"1,,2 * * * *", "1/ * * * *", "*-5 * * * *", "99999999999 * * * *", "0 0 30 2 *", "\xff * * * *", "٣ * * * *", "5,* 0-59/1 * * *",
}

// FuzzParse: New accepts or refuses with an Error that fits a terminal; what it
// accepts has a canonical form, a description and slots.
func FuzzParse(f *testing.F) {
	for _, expr := range fuzzSeeds {
		f.Add(expr, "seed")
	}
	from := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, expr, seed string) {
		s, err := schedule.New(schedule.Spec{Expr: expr, Seed: seed})
		if err != nil {
			checkRefusal(t, expr, err)
			return
		}
		canonical := s.Canonical()
		again, err := schedule.New(schedule.Spec{Expr: canonical})
		if err != nil {
			t.Fatalf("canonical form %q of %q: %v", canonical, expr, err)
		}
		if again.Canonical() != canonical || again.Describe() != s.Describe() {
			t.Fatalf("%q → %q → %q", expr, canonical, again.Canonical())
		}
		if n := s.Next(from); !n.Equal(again.Next(from)) {
			t.Fatalf("%q and %q differ", expr, canonical)
		}
		s.Warnings()
		s.Frequency()
	})
}

// checkRefusal checks the form of an error.
func checkRefusal(t *testing.T, expr string, err error) {
	var e *schedule.Error
	if !errors.As(err, &e) || e.Code == "" || e.Code == schedule.CodeInternal || e.Message == "" {
		t.Fatalf("New(%q) = %+v", expr, err)
	}
	if e.Pos < 0 || e.Pos > len(expr)+1 || len(e.Message) > 300 {
		t.Fatalf("New(%q): position %d, message %q", expr, e.Pos, e.Message)
	}
	if strings.ContainsFunc(e.Message+e.Hint, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		t.Fatalf("New(%q): control character in %q", expr, e.Message)
	}
}

// FuzzNext: two days of slots from any instant in any zone are those of the oracle.
func FuzzNext(f *testing.F) {
	for i, expr := range fuzzSeeds {
		f.Add(expr, schedule.Zones()[i*23], int64(1_772_900_000)+int64(i)*86_400, i%2 == 0)
	}
	f.Add("30 2 * * *", "America/New_York", int64(1_772_928_000), false)
	f.Add("0 12 30 12 *", "Pacific/Apia", int64(1_325_200_000), false)
	f.Fuzz(func(t *testing.T, expr, zone string, unix int64, wall bool) {
		spec := schedule.Spec{Expr: expr, Zone: zone}
		if wall {
			spec.DST = schedule.DSTWall
		}
		s, err := schedule.New(spec)
		if err != nil || unix < -3_000_000_000 || unix > 6_000_000_000 {
			return
		}
		from := time.Unix(unix, 0).UTC()
		to := from.Add(48 * time.Hour)
		if s.Count(from, to) > 3000 {
			to = from.Add(time.Hour) // many slots a minute: the oracle walks every second
		}
		want, err := oracle.Slots(judge(spec), from, to)
		if err != nil {
			t.Fatalf("oracle on %q: %v", expr, err)
		}
		if diff := checkSlots(s, from, to, want); diff != "" {
			t.Fatalf("%+v from %s: %s", spec, from, diff)
		}
	})
}
