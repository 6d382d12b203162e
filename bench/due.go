package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// timetable says when many one-time jobs are due: all at once, or one every so often.
type timetable struct {
	jobs  int
	every time.Duration
}

// at returns when number i is due, from 0.
func (t timetable) at(first time.Time, i int) time.Time { return first.Add(time.Duration(i) * t.every) }

// lead is what the preparation should take at most before the first is due.
func (t timetable) lead() time.Duration {
	return 12*time.Second + time.Duration(t.jobs)*150*time.Microsecond
}

// plannerLookAhead is how long before their time schedd loads what jobs say.
const plannerLookAhead = 5 * time.Second

// runDue measures one-time jobs that come due on a daemon's engine.
func runDue(ctx context.Context, sv *servers, t timetable) (punctual, error) {
	return withLead(t.lead(), func(lead time.Duration) (punctual, error) { return runDueAfter(ctx, sv, t, lead) })
}

func runDueAfter(ctx context.Context, sv *servers, t timetable, lead time.Duration) (punctual, error) {
	return inDatabase(ctx, sv, func(dsn string) (p punctual, err error) {
		first := wall().Add(lead).Truncate(time.Second)
		if err := storeDue(ctx, sv, dsn, t, first); err != nil {
			return p, err
		}
		if err := calmDown(ctx, dsn); err != nil {
			return p, err
		}
		b, err := openShared(ctx, sv, dsn)
		if err != nil {
			return p, err
		}
		late := newSampler(t.jobs)
		settled := b.store.after(t.jobs)
		e := startEngine(ctx, b, slots, timed(late))
		defer func() { err = errors.Join(err, e.stop()) }()
		if err := inTime(ctx, first, plannerLookAhead); err != nil {
			return p, err
		}
		stop, err := profileOurs("due")
		if err != nil {
			return p, err
		}
		m := measureSpeed(sv)
		end, err := await(ctx, settled, "running what is due")
		p.speed = m.end(t.jobs)
		if err := errors.Join(err, stop()); err != nil {
			return p, err
		}
		p.finished = millis(end.Sub(t.at(first, t.jobs-1)))
		if p.late, err = whole(late, t.jobs); err != nil {
			return p, err
		}
		p.ended, err = allCompleted(ctx, b, t, first)
		return p, err
	})
}

// storeDue stores the jobs.
func storeDue(ctx context.Context, sv *servers, dsn string, t timetable, first time.Time) error {
	b, err := openShared(ctx, sv, dsn)
	if err != nil {
		return err
	}
	far := first.AddDate(1, 0, 0)
	err = create(ctx, b.store, 1, func(int) job.Job {
		return definition("once", "", wall(), func(j *job.Job) { j.Type, j.ExecuteAt = job.TypeOneTime, &far })
	})
	if err := errors.Join(err, b.close()); err != nil {
		return err
	}
	return fillPostgres(ctx, dsn, func(tx pgx.Tx) error {
		due := fmt.Sprintf("%d + i.n * %d", first.UnixMicro(), t.every.Microseconds())
		return copyJobs(ctx, tx, copied{job: "once", last: t.jobs - 1, due: due, once: true})
	})
}

// allCompleted waits until the jobs themselves are marked as completed, and returns
// when that was after the last was due, in milliseconds.
func allCompleted(ctx context.Context, b *bed, t timetable, first time.Time) (float64, error) {
	err := poll(ctx, "completing the jobs", func() (bool, error) {
		totals, err := b.store.Totals(ctx, store.AnyPlatform, wall())
		return totals.Jobs[job.JobCompleted] >= int64(t.jobs), err
	})
	return millis(time.Since(t.at(first, t.jobs-1))), err
}
