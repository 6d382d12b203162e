package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// recorded is how many jobs a stored history is about.
const recorded = 1000

// history measures what operators look at when many executions are stored.
func history(ctx context.Context, dir string, s size) ([]Figure, error) {
	return withServers(dir, func(sv *servers) ([]Figure, error) {
		return inDatabase(ctx, sv, func(dsn string) ([]Figure, error) {
			b, err := withHistory(ctx, sv, dsn, s.History, wall().AddDate(0, 0, -1))
			if err != nil {
				return nil, err
			}
			defer b.close()
			return looks(ctx, b.store, s)
		})
	})
}

// looks measures each look by itself, in turn.
func looks(ctx context.Context, s store.Store, sz size) (figures []Figure, err error) {
	const platform = job.DefaultPlatform
	list := func(f store.ExecutionFilter) error {
		f.Platform = platform
		page, err := s.ListExecutions(ctx, f)
		if err == nil && len(page.Items) == 0 {
			err = errors.New("a list of executions is empty")
		}
		return err
	}
	kinds := []struct {
		what string
		look func(name string) error
	}{
		{"newest executions of all jobs", func(string) error { return list(store.ExecutionFilter{}) }},
		{"newest failed ones", func(string) error { return list(store.ExecutionFilter{Statuses: []job.Status{job.Failed}}) }},
		{"history of a job", func(name string) error { return list(store.ExecutionFilter{Job: name}) }},
		{"failed runs of a job", func(name string) error {
			return list(store.ExecutionFilter{Job: name, Statuses: []job.Status{job.Failed}})
		}},
		{"one run by its number", func(name string) error { _, err := s.Execution(ctx, platform, name+"/7"); return err }},
		{"stats of a job", func(name string) error { _, err := s.Job(ctx, platform, name); return err }},
		{"metrics of a day", func(string) error { return tally(ctx, s, 24*time.Hour, false) }},
		{"metrics of 30 days", func(string) error { return tally(ctx, s, 30*24*time.Hour, true) }},
		{"figures of a job since ever", func(name string) error {
			f, err := s.JobFigures(ctx, platform, name, time.Time{})
			if err == nil && (len(f.Periods) == 0 || len(f.Patterns) == 0) {
				err = errors.New("a job has no figures")
			}
			return err
		}},
		{"totals", func(string) error { _, err := s.Totals(ctx, store.AnyPlatform, wall()); return err }},
		{"list of jobs", func(string) error { _, err := s.ListJobs(ctx, store.JobFilter{Platform: platform}); return err }},
	}
	times := make([][]float64, len(kinds))
	for range sz.Looks {
		for i, k := range kinds {
			name := fmt.Sprintf("stored%d", 1000+rand.IntN(recorded))
			start := time.Now()
			if err := k.look(name); err != nil {
				return nil, fmt.Errorf("%s: %w", k.what, err)
			}
			times[i] = append(times[i], millis(time.Since(start)))
		}
	}
	for i, k := range kinds {
		f := Figure{What: number(float64(sz.History)) + " executions stored: " + k.what + ", p99", Unit: "ms", Value: percentile(times[i], 99), Goal: atMost(100), Samples: times[i]}
		figures = append(figures, f)
	}
	return figures, nil
}

// tally sums up all platforms.
func tally(ctx context.Context, s store.Store, back time.Duration, hours bool) error {
	now := wall()
	sum, err := s.Tally(ctx, store.TallyOf{Platform: store.AnyPlatform, From: now.Add(-back).Truncate(time.Hour), To: now, Hours: hours})
	if err == nil && sum.Success == 0 {
		err = errors.New("a tally is empty")
	}
	return err
}

// withHistory opens a database with executions that ended, one a millisecond up to
// the instant, each twentieth run of a job badly.
func withHistory(ctx context.Context, sv *servers, dsn string, executions int, until time.Time) (*bed, error) {
	b, err := openShared(ctx, sv, dsn)
	if err != nil {
		return nil, err
	}
	err = create(ctx, b.store, 1, func(int) job.Job { return definition("idle", "0 0 1 1 *", wall(), nil) })
	if err := errors.Join(err, b.close()); err != nil {
		return nil, err
	}
	if err := fillPostgres(ctx, dsn, func(tx pgx.Tx) error { return copyHistory(ctx, tx, executions, until) }); err != nil {
		return nil, err
	}
	if err := calmDown(ctx, dsn); err != nil {
		return nil, err
	}
	return openShared(ctx, sv, dsn)
}

// sqlHistory adds executions: number i is of job i modulo the jobs. Slots are as far
// apart as the schedule of a job of that age could have them.
const sqlHistory = `INSERT INTO executions (k, lo, job, n, at, session, occurrence, revision, created_at, token, attempt, trigger, status, started_at, finished_at)
	SELECT (ms << 16) | 28672, i, 1000 + i %% %[1]d, i / %[1]d + 1, (ms / 1000 + i / %[1]d) * 1000000, 1, i / %[1]d + 1, 1, ms * 1000, 1, 1, 0,
		CASE WHEN (i + i / %[1]d) %% 20 = 0 THEN 3 ELSE 2 END, ms * 1000 + 500, ms * 1000 + 900
	FROM (SELECT i, %[2]d + i AS ms FROM generate_series(0::bigint, %[3]d) AS i) AS numbers`

// sqlSums adds sums by time as folding leaves them: of owners, by span, so many up to the
// newest. What is packed is that of two successes, a failure and seven missed slots.
const sqlSums = `INSERT INTO rollups (owner, span, start, data)
	SELECT o, %[3]d, n * %[3]d * 1000000::bigint, decode('040200000e0e04b8a07ab81780897a048601029801020403020a0a', 'hex')
	FROM generate_series(%[1]d, %[2]d) AS o, generate_series(%[5]d - %[4]d + 1, %[5]d::bigint) AS n`

func copyHistory(ctx context.Context, tx pgx.Tx, executions int, until time.Time) error {
	due := wall().AddDate(1, 0, 0).UnixMicro()
	if err := copyJobs(ctx, tx, copied{job: "idle", last: recorded - 1, due: fmt.Sprint(due)}); err != nil {
		return err
	}
	first := until.UnixMilli() - int64(executions)
	for _, sql := range []string{
		fmt.Sprintf(sqlHistory, recorded, first, executions-1),
		`INSERT INTO failures (job, n, k, status) SELECT job, n, k, status FROM executions WHERE status = 3`,
		fmt.Sprintf(`UPDATE cursors SET numbers = %[1]d, runs = %[1]d, occurrences = %[1]d WHERE job >= 1000`, executions/recorded),
		fmt.Sprintf(sqlSums, 0, 0, 60, 1500, wall().Unix()/60),
		fmt.Sprintf(sqlSums, 0, 0, 3600, 400*24, wall().Unix()/3600),
		fmt.Sprintf(sqlSums, 1000, 999+recorded, 3600, 192, wall().Unix()/3600),
		fmt.Sprintf(sqlSums, 1000, 999+recorded, 86400, 392, wall().Unix()/86400-8),
		fmt.Sprintf(`INSERT INTO failure_patterns (job, day, print, class, message, count, last_at)
			SELECT j, d * 86400000000, p, 'exit', 'failed in step ' || p, 3, d * 86400000000 FROM generate_series(1000, %d) j, generate_series(%d, %d) d, generate_series(1, 5) p`,
			999+recorded, wall().Unix()/86400-60, wall().Unix()/86400),
		fmt.Sprintf(`INSERT INTO counters (job, success, duration_us, last_status) SELECT seq, %[1]d, %[1]d * 400, 2 FROM jobs WHERE seq >= 1000`, executions/recorded),
	} {
		if _, err := tx.Exec(ctx, sql); err != nil {
			return fmt.Errorf("%.40s: %w", sql, err)
		}
	}
	return nil
}
