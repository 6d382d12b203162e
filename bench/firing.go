package main

import "context"

// firingPart measures from due to settled, against River inserting and working at once.
func firingPart(ctx context.Context, dir string, s size) ([]Figure, error) {
	return withServers(dir, func(sv *servers) ([]Figure, error) {
		t, err := tune("River inserting and working", riverDrains, func(t riverTuning) (float64, error) {
			v, err := riverInsertAndWork(ctx, sv, s.Tune, t)
			return v.rate, err
		})
		if err != nil {
			return nil, err
		}
		var ours, river series
		if err := inTurn(s.Rounds,
			turn{&ours, func() (speed, error) { return fireShared(ctx, sv, s.Backlog) }},
			turn{&river, func() (speed, error) { return riverInsertAndWork(ctx, sv, s.Backlog, t) }},
		); err != nil {
			return nil, err
		}
		return beside("due → settled, 1 000 jobs firing as fast as they settle", ours,
			"River", "inserting and working at once, "+t.String(), river, atLeast(2.5, 4)), nil
	})
}

// fireShared fires jobs on PostgreSQL and Redis.
func fireShared(ctx context.Context, sv *servers, runs int) (speed, error) {
	return inDatabase(ctx, sv, func(dsn string) (v speed, err error) {
		b, err := openShared(ctx, sv, dsn)
		if err != nil {
			return v, err
		}
		return fire(ctx, b, sv, runs, func() error { return calmDown(ctx, dsn) })
	})
}
