package schedule_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/hashicorp/cronexpr"

	"github.com/agentic-sdlc/scheduler/schedule"
)

// benchCases are typical expressions, as ours and as cronexpr reads them.
var benchCases = []struct{ name, expr, zone, cronexpr string }{
	{"daily-fixed", "30 2 * * *", "America/New_York", "0 30 2 * * * *"},
	{"every-minute", "* * * * *", "America/New_York", "0 * * * * * *"},
	{"weekdays", "*/15 9-17 * * MON-FRI", "America/New_York", "0 */15 9-17 * * 1-5 *"},
	{"last-day", "0 0 L * *", "Europe/London", "0 0 0 L * * *"},
	{"leap-day", "0 0 29 2 *", "America/New_York", "0 0 0 29 2 * *"},
	{"utc", "30 2 * * *", "UTC", "0 30 2 * * * *"},
}

// BenchmarkNext walks along the slots with the rule for daylight saving, and with raw
// cronexpr in the same zone; the ratio of the two is in BenchmarkNextRatio.
func BenchmarkNext(b *testing.B) {
	for _, c := range benchCases {
		b.Run(c.name+"/schedule", func(b *testing.B) {
			next := mustNew(b, schedule.Spec{Expr: c.expr, Zone: c.zone}).Next
			b.ReportAllocs()
			walk(b.N, next)
		})
		b.Run(c.name+"/cronexpr", func(b *testing.B) {
			loc, _ := time.LoadLocation(c.zone)
			expr := cronexpr.MustParse(c.cronexpr)
			b.ReportAllocs()
			walkIn(b.N, loc, expr.Next)
		})
	}
}

// BenchmarkNextRatio runs both in one loop and reports our time as a multiple of cronexpr's.
func BenchmarkNextRatio(b *testing.B) {
	for _, c := range benchCases {
		b.Run(c.name, func(b *testing.B) {
			next := mustNew(b, schedule.Spec{Expr: c.expr, Zone: c.zone}).Next
			loc, _ := time.LoadLocation(c.zone)
			raw := cronexpr.MustParse(c.cronexpr).Next
			var ours, theirs time.Duration
			for range b.N {
				t0 := time.Now()
				walk(1000, next)
				t1 := time.Now()
				walkIn(1000, loc, raw)
				ours, theirs = ours+t1.Sub(t0), theirs+time.Since(t1)
			}
			b.ReportMetric(float64(ours)/float64(theirs), "x-cronexpr")
			b.ReportMetric(float64(ours)/1000/float64(b.N), "ns/Next")
		})
	}
}

// walk follows the slots for n steps, from 2026 and again when they end.
func walk(n int, next func(time.Time) time.Time) { walkIn(n, time.UTC, next) }

// walkIn is walk with instants in a location.
func walkIn(n int, loc *time.Location, next func(time.Time) time.Time) {
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, loc)
	end := time.Date(2090, 1, 1, 0, 0, 0, 0, loc)
	at := start
	for range n {
		if at = next(at); at.After(end) {
			at = start
		}
	}
}

func BenchmarkPrev(b *testing.B) {
	s := mustNew(b, schedule.Spec{Expr: "30 2 * * *", Zone: "America/New_York"})
	at := time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC)
	b.ReportAllocs()
	for range b.N {
		s.Prev(at)
	}
}

// BenchmarkCount counts 400 days of slots.
func BenchmarkCount(b *testing.B) {
	from := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	to := from.AddDate(0, 0, 400)
	for _, expr := range []string{"* * * * * *", "30 2 * * *", "0 0 15W,L * FRI#2"} {
		b.Run(expr, func(b *testing.B) {
			s := mustNew(b, schedule.Spec{Expr: expr, Zone: "America/New_York"})
			b.ReportAllocs()
			for range b.N {
				s.Count(from, to)
			}
		})
	}
}

// BenchmarkNew compiles an expression that was compiled before; new/… one of 40 320
// that most likely was not.
func BenchmarkNew(b *testing.B) {
	b.Run("new", func(b *testing.B) {
		b.ReportAllocs()
		for i := range b.N {
			expr := fmt.Sprintf("%d %d %d * *", i%60, i/60%24, i/1440%28+1)
			mustNew(b, schedule.Spec{Expr: expr, Zone: "America/New_York"})
		}
	})
	for _, expr := range []string{"30 2 * * *", "*/15 9-17 * * MON-FRI", "H H(1-5) * * *", "0 0 15W,LW * FRI#2,5L", "@every 90s", "1-59/2,30 */7 1,3,5,7,9 JAN-MAR 1-5"} {
		b.Run(expr, func(b *testing.B) {
			spec := schedule.Spec{Expr: expr, Zone: "America/New_York"}
			b.ReportAllocs()
			for range b.N {
				mustNew(b, spec)
			}
		})
	}
}
