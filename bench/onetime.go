package main

import (
	"context"
	"fmt"
	"time"
)

// riverAlarms are the tunings of River that are tried where lateness counts: when it
// has nothing to do, it sees what comes due as often as it polls.
var riverAlarms = []riverTuning{
	{1000, time.Millisecond, 2 * time.Millisecond},
	{2000, 2 * time.Millisecond, 2 * time.Millisecond},
	{5000, 2 * time.Millisecond, 5 * time.Millisecond},
	{10_000, time.Millisecond, time.Millisecond},
}

// oneTime measures many one-time jobs that are due at one instant, until the last of
// them is over.
func oneTime(ctx context.Context, dir string, s size) ([]Figure, error) {
	return withServers(dir, func(sv *servers) ([]Figure, error) {
		t, err := tune("River running scheduled jobs", riverAlarms, func(t riverTuning) (float64, error) {
			p, err := riverScheduled(ctx, sv, timetable{jobs: s.Tune}, t)
			return p.speed.rate, err
		})
		if err != nil {
			return nil, err
		}
		all := timetable{jobs: s.Backlog}
		var ours, river series
		var ended []float64
		if err := inTurn(s.Rounds,
			turn{&ours, func() (speed, error) {
				p, err := runDue(ctx, sv, all)
				ended = append(ended, p.ended)
				return p.speed, err
			}},
			turn{&river, func() (speed, error) {
				p, err := riverScheduled(ctx, sv, all, t)
				return p.speed, err
			}},
		); err != nil {
			return nil, err
		}
		figures := beside(fmt.Sprintf("%s one-time jobs due at once, due → last settled", number(float64(s.Backlog))), ours,
			"River", "scheduled jobs, "+t.String(), river, atLeast(2, 3))
		return append(figures, medianOf("  due → the last job marked as completed", "ms", ended, nil)), nil
	})
}
