package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/agentic-sdlc/scheduler/store"
)

// sqliteShelf keeps a store in a new folder.
func sqliteShelf(dir string) (shelf, error) {
	return shelf{
		open: func(ctx context.Context) (store.Store, error) { return openStore(ctx, database(dir)) },
		fill: func(ctx context.Context, jobs, due int) error {
			return fill(ctx, database(dir), func(b *bulk) error {
				far := isFar(jobs, due)
				return errors.Join(
					b.copy(ctx, "idle", jobs, "NOT ("+far+")", true),
					b.copy(ctx, "far", jobs, far, false),
					b.copy(ctx, "near", jobs+due-1, fmt.Sprintf("i.n > %d", jobs), false))
			})
		},
	}, os.Mkdir(dir, 0o700)
}

// postgresShelf keeps a store in a database.
func postgresShelf(dsn string) shelf {
	return shelf{
		open: func(ctx context.Context) (store.Store, error) { return openPostgres(ctx, dsn) },
		fill: func(ctx context.Context, jobs, due int) error {
			far := isFar(jobs, due)
			later := wall().Truncate(time.Hour).Add(2 * time.Hour).UnixMicro()
			err := fillPostgres(ctx, dsn, func(tx pgx.Tx) error {
				for _, c := range []copied{
					{job: "idle", first: 1, last: jobs, where: "NOT (" + far + ")", due: fmt.Sprintf("%d + (i.n %% 1200) * 60000000", later)},
					{job: "far", first: 1, last: jobs, where: far},
					{job: "near", first: jobs + 1, last: jobs + due - 1},
				} {
					if err := copyJobs(ctx, tx, c); err != nil {
						return err
					}
				}
				return nil
			})
			return errors.Join(err, calmDown(ctx, dsn))
		},
	}
}

// isFar is a condition on i.n that holds for as many numbers below jobs as are due at
// a tick, less the original, as far apart as can be.
func isFar(jobs, due int) string {
	return fmt.Sprintf("(i.n %% %d = 0 AND i.n < %d)", jobs/due, jobs/due*due)
}
