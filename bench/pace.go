package main

import (
	"context"
	"time"
)

// pace measures how late runs start at a steady rate: one-time jobs, and runs that
// are triggered by hand.
func pace(ctx context.Context, dir string, s size) ([]Figure, error) {
	return withServers(dir, func(sv *servers) (figures []Figure, err error) {
		for _, rate := range []int{1000, 5000} {
			due := timetable{jobs: rate * int(s.Paced.Seconds()), every: time.Second / time.Duration(rate)}
			p, err := runDue(ctx, sv, due)
			if err != nil {
				return figures, err
			}
			figures = append(figures, lateness(number(float64(rate))+" one-time jobs a second, evenly: due → start", p.late, atMost(2), atMost(12, 5))...)
		}
		l, err := inDatabase(ctx, sv, func(dsn string) (l late, err error) {
			b, err := openShared(ctx, sv, dsn)
			if err != nil {
				return l, err
			}
			return evenly(ctx, b, 1000, s.Paced)
		})
		if err != nil {
			return figures, err
		}
		figures = append(figures, lateness("1 000 runs triggered a second, evenly: triggered → start", l.runs, nil, nil)...)
		return append(figures, lateness("  a bare goroutine at the same pace", l.bare, nil, nil)...), nil
	})
}
