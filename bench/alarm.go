package main

import (
	"context"
	"slices"
)

// lates are the figures of lateness of several rounds.
type lates struct{ p50, p99, last, all []float64 }

func (l *lates) add(p punctual) {
	l.p50, l.p99, l.last = append(l.p50, median(p.late)), append(l.p99, percentile(p.late, 99)), append(l.last, slices.Max(p.late))
	l.all = append(l.all, p.late...)
}

// instant measures how late jobs start that are due at one instant.
func instant(ctx context.Context, dir string, s size) ([]Figure, error) {
	return alarms(ctx, dir, s, timetable{jobs: s.Burst}, number(float64(s.Burst))+" one-time jobs due at one instant: start after due", atMost(1./3, 1./6), atMost(300))
}

// spread1000 measures how late jobs start that are due one after the other.
func spread1000(ctx context.Context, dir string, s size) ([]Figure, error) {
	const jobs = 1000
	return alarms(ctx, dir, s, timetable{jobs: jobs, every: s.Paced / jobs}, number(jobs)+" one-time jobs spread over "+s.Paced.String()+": start after due", atMost(1./3, 1./10), nil)
}

// alarms measures a timetable in turn with River.
func alarms(ctx context.Context, dir string, s size, due timetable, what string, p99, last *Goal) ([]Figure, error) {
	return withServers(dir, func(sv *servers) ([]Figure, error) {
		short := timetable{jobs: min(due.jobs, s.Tune), every: due.every}
		if due.every > 0 {
			short.jobs = min(short.jobs, int(s.Paced/due.every/4))
		}
		t, err := tune("p99 in ms of River", riverAlarms, func(t riverTuning) (float64, error) {
			p, err := riverScheduled(ctx, sv, short, t)
			return -percentile(p.late, 99), err
		})
		if err != nil {
			return nil, err
		}
		var ours, river lates
		for range min(s.Rounds, 3) {
			p, err := runDue(ctx, sv, due)
			if err != nil {
				return nil, err
			}
			ours.add(p)
			if p, err = riverScheduled(ctx, sv, due, t); err != nil {
				return nil, err
			}
			river.add(p)
		}
		figures := []Figure{
			against(what+", p50", "ms", ours.p50, "River", river.p50, nil),
			against(what+", p99", "ms", ours.p99, "River", river.p99, p99),
			medianOf(what+", the last", "ms", ours.last, last),
			{What: what + ", the earliest", Unit: "ms", Value: slices.Min(ours.all), Goal: atLeast(0)},
			medianOf("  River, "+t.String()+": p50", "ms", river.p50, nil),
			medianOf("  River: p99", "ms", river.p99, nil),
			medianOf("  River: the last", "ms", river.last, nil),
		}
		figures[0].Samples, figures[4].Samples = ours.all, river.all
		return figures, nil
	})
}
