package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"
)

// riverTuning is what River lets one set that matters here.
type riverTuning struct {
	workers        int
	cooldown, poll time.Duration
}

func (t riverTuning) String() string {
	return fmt.Sprintf("%d workers, cooldown %s, poll %s", t.workers, t.cooldown, t.poll)
}

// riverBatch is how many jobs go into one COPY.
const riverBatch = 2000

// riverArgs is a job without anything to say.
type riverArgs struct{}

func (riverArgs) Kind() string { return handlerName }

// riverBed is River on a database of its own.
type riverBed struct {
	sv     *servers
	pool   *pgxpool.Pool
	client *river.Client[pgx.Tx]
	ran    atomic.Int64
	all    chan struct{} // closed when as many ran as are wanted
	late   *sampler
}

// newRiver prepares a client that stops counting at n runs; it is not started.
func newRiver(ctx context.Context, sv *servers, dsn string, n int, t riverTuning) (*riverBed, error) {
	pool, err := pgxpool.New(ctx, fmt.Sprintf("%s&pool_max_conns=%d", dsn, poolSize))
	if err != nil {
		return nil, err
	}
	r := &riverBed{sv: sv, pool: pool, all: make(chan struct{}), late: newSampler(n)}
	m, err := rivermigrate.New(riverpgxv5.New(pool), &rivermigrate.Config{Logger: slog.New(slog.DiscardHandler)})
	if err == nil {
		_, err = m.Migrate(ctx, rivermigrate.DirectionUp, nil)
	}
	if err != nil {
		pool.Close()
		return nil, err
	}
	workers := river.NewWorkers()
	river.AddWorker(workers, river.WorkFunc(func(_ context.Context, j *river.Job[riverArgs]) error {
		r.late.add(time.Since(j.ScheduledAt))
		if r.ran.Add(1) == int64(n) {
			close(r.all)
		}
		return nil
	}))
	r.client, err = river.NewClient(riverpgxv5.New(pool), &river.Config{
		Queues:        map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: t.workers}},
		FetchCooldown: t.cooldown, FetchPollInterval: max(t.poll, t.cooldown), Workers: workers, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		pool.Close()
	}
	return r, err
}

// insert adds jobs, each due at the instant that at gives; nil: at once.
func (r *riverBed) insert(ctx context.Context, n int, at func(i int) time.Time) error {
	for from := 0; from < n; from += riverBatch {
		params := make([]river.InsertManyParams, min(riverBatch, n-from))
		for i := range params {
			params[i].Args = riverArgs{}
			if at != nil {
				params[i].InsertOpts = &river.InsertOpts{ScheduledAt: at(from + i)}
			}
		}
		if _, err := r.client.InsertManyFast(ctx, params); err != nil {
			return err
		}
	}
	return nil
}

// completed waits until the last job ran and River's record of it is durable.
func (r *riverBed) completed(ctx context.Context) error {
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-r.all:
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return fmt.Errorf("only so many jobs of River ran: %d within %s", r.ran.Load(), patience)
	}
	return poll(ctx, "River's records", func() (done bool, err error) {
		return done, r.pool.QueryRow(ctx, `SELECT NOT EXISTS (SELECT 1 FROM river_job WHERE state = 'running')`).Scan(&done)
	})
}

// close stops the client and checks that exactly n jobs were completed.
func (r *riverBed) close(ctx context.Context, n int) error {
	defer r.pool.Close()
	if err := r.client.Stop(ctx); err != nil {
		return err
	}
	var completed, ran int
	err := r.pool.QueryRow(ctx, `SELECT count(*) FROM river_job WHERE state = 'completed'`).Scan(&completed)
	if ran = int(r.ran.Load()); err == nil && (completed != n || ran != n) {
		err = fmt.Errorf("of River's jobs %d ran and %d are completed, want %d", ran, completed, n)
	}
	return err
}

// withRiver measures with a client on a database of its own.
func withRiver[T any](ctx context.Context, sv *servers, n int, t riverTuning, measure func(r *riverBed, dsn string) (T, error)) (T, error) {
	return inDatabase(ctx, sv, func(dsn string) (v T, err error) {
		r, err := newRiver(ctx, sv, dsn, n, t)
		if err != nil {
			return v, err
		}
		v, err = measure(r, dsn)
		if err != nil {
			err = errors.Join(err, r.client.StopAndCancel(ctx))
			r.pool.Close()
			return v, err
		}
		return v, r.close(ctx, n)
	})
}
