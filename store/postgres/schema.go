package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/agentic-sdlc/scheduler/migrations"
)

// SchemaError says that the database's schema is not this build's.
type SchemaError = migrations.SchemaError

// Schema returns all migrations, with the time of those that the database has, and its
// version; 0 = there is no schema. Nothing is changed.
func Schema(ctx context.Context, o Options) (steps []migrations.Step, have int64, err error) {
	config, err := poolConfig(&o)
	if err != nil {
		return nil, 0, err
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, 0, openError(err)
	}
	defer pool.Close()
	s := &Store{pool: pool, acquire: 5 * time.Second, limit: limit}
	steps = migrations.PostgresSteps()
	if have, err = s.schema(ctx); err != nil {
		return nil, 0, openError(err)
	}
	if have == 0 {
		return steps, 0, nil
	}
	at := map[int64]time.Time{}
	if err := s.read(ctx, func(t *tx) error {
		return t.query(`SELECT version_id, (extract(epoch FROM tstamp) * 1000000)::bigint FROM goose_db_version WHERE is_applied`, nil, func(r *row) error {
			at[r.Int()] = r.Time()
			return nil
		})
	}); err != nil {
		return nil, 0, openError(err)
	}
	for i := range steps {
		steps[i].AppliedAt = at[steps[i].Version]
	}
	return steps, have, nil
}
