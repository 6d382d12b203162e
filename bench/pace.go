package main

import "context"

// pace measures how late runs start at a steady rate, triggered by hand: slots are whole
// seconds, so that what is scheduled comes in bursts.
func pace(ctx context.Context, dir string, s size) ([]Figure, error) {
	return withServers(dir, func(sv *servers) (figures []Figure, err error) {
		for _, rate := range []int{1000, 5000} {
			l, err := inDatabase(ctx, sv, func(dsn string) (l late, err error) {
				b, err := openShared(ctx, sv, dsn)
				if err != nil {
					return l, err
				}
				return evenly(ctx, b, rate, s.Paced)
			})
			if err != nil {
				return figures, err
			}
			what := number(float64(rate)) + " runs triggered a second, evenly: triggered → start"
			figures = append(figures, lateness(what, l.runs, atMost(2), atMost(12, 5))...)
			figures = append(figures, lateness("  a bare goroutine at the same pace", l.bare, nil, nil)...)
		}
		return figures, nil
	})
}
