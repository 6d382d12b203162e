package main

import (
	"context"
	"time"

	"github.com/hashicorp/cronexpr"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/schedule"
)

// expressions are typical ones, as ours and as cronexpr reads them.
var expressions = []struct{ ours, zone, theirs string }{
	{"30 2 * * *", "America/New_York", "0 30 2 * * * *"},
	{"* * * * *", "America/New_York", "0 * * * * * *"},
	{"*/15 9-17 * * MON-FRI", "America/New_York", "0 */15 9-17 * * 1-5 *"},
	{"0 0 L * *", "Europe/London", "0 0 0 L * * *"},
	{"0 0 29 2 *", "America/New_York", "0 0 0 29 2 * *"},
	{"30 2 * * *", "UTC", "0 30 2 * * * *"},
}

// next measures the arithmetic: one step with the rule for daylight saving against
// one of cronexpr, and a plan over 400 days.
func next(ctx context.Context, _ string, s size) ([]Figure, error) {
	var all, worst, ns []float64
	for _, e := range expressions {
		ratios, times, err := steps(ctx, e.ours, e.zone, e.theirs, s)
		if err != nil {
			return nil, err
		}
		all, ns = append(all, median(ratios)), append(ns, times...)
		if len(worst) == 0 || median(ratios) > median(worst) {
			worst = ratios
		}
	}
	typical := medianOf("Next with the DST rule, median of 6 expressions", "ns", ns, atMost(4, 1))
	typical.Ratios, typical.Peer = all, "cronexpr"
	hardest := Figure{What: "Next with the DST rule, the worst of them", Unit: "× cronexpr", Value: median(worst), Rounds: worst, Goal: atMost(4, 1)}
	plans, err := plans(s)
	return append([]Figure{typical, hardest}, plans...), err
}

// steps walks both along the slots in turn, and returns the ratio and our time a
// step of each round.
func steps(ctx context.Context, ours, zone, theirs string, s size) (ratios, ns []float64, err error) {
	sched, err := schedule.New(schedule.Spec{Expr: ours, Zone: zone})
	if err != nil {
		return nil, nil, err
	}
	loc, err := time.LoadLocation(zone)
	if err != nil {
		return nil, nil, err
	}
	raw, err := cronexpr.Parse(theirs)
	if err != nil {
		return nil, nil, err
	}
	for range s.Rounds {
		if ctx.Err() != nil {
			return nil, nil, ctx.Err()
		}
		// The peer is that much slower: so both take about as long.
		a, b := walk(10*s.Steps, time.UTC, sched.Next), walk(s.Steps, loc, raw.Next)
		ratios, ns = append(ratios, a/b), append(ns, a)
	}
	return ratios, ns, nil
}

// walk follows the slots for n steps, from 2026 and again when they end. It returns
// what a step takes of the processor, in nanoseconds: in a crowd the clock on the
// wall would favour whoever is done within one turn.
func walk(n int, loc *time.Location, next func(time.Time) time.Time) float64 {
	first, last := time.Date(2026, 1, 1, 0, 0, 0, 0, loc), time.Date(2090, 1, 1, 0, 0, 0, 0, loc)
	at := first
	took := spent(func() {
		for range n {
			if at = next(at); at.After(last) {
				at = first
			}
		}
	})
	return float64(took) / float64(n)
}

// plans measures what a secondly job costs that was away for 400 days, when the last
// missed slot is to run and when the newest hundred are.
func plans(s size) ([]Figure, error) {
	now := time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)
	var figures []Figure
	for _, p := range []struct {
		misfire job.Misfire
		what    string
	}{{job.MisfireFireOnce, "fire_once"}, {job.MisfireFireAll, "fire_all"}} {
		j := definition("secondly", "* * * * * *", now.AddDate(0, 0, -400), func(j *job.Job) { j.Misfire, j.Timezone = p.misfire, "America/New_York" })
		sched, err := job.Compile(&j)
		if err != nil {
			return nil, err
		}
		state := job.State{NextRun: sched.Next(j.Anchor)}
		var plan job.Plan
		var times []float64
		for range 20 * s.Rounds {
			times = append(times, millis(spent(func() { job.MakePlan(&j, sched, state, now, job.DefaultPolicy(), &plan) })))
		}
		figures = append(figures, medianOf("plan over 400 missed days of a secondly job, "+p.what, "ms", times, atMost(1)))
	}
	return figures, nil
}
