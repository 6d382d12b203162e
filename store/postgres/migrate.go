package postgres

import (
	"context"
	"fmt"
	"io/fs"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"

	"github.com/agentic-sdlc/scheduler/migrations"
)

// Advisory locks are taken for one transaction each. These are their keys; session
// ids, which are random, are others.
const (
	outboxLock    = 727100001 // shared by every write; see outbox.go
	foldLock      = 727100003 // of whoever folds: a sum is read before it is written
	migrationLock = 727100002
)

// migrate brings the schema up to date, unless it is to be kept, and returns its version.
// Of several nodes that do, one migrates and the others wait for it.
func (s *Store) migrate(ctx context.Context, o *Options) (int64, error) {
	folder, err := fs.Sub(migrations.Postgres, "postgres")
	if err != nil {
		return 0, err
	}
	db := stdlib.OpenDBFromPool(s.pool)
	defer db.Close()
	provider, err := goose.NewProvider(goose.DialectPostgres, db, folder, goose.WithVerbose(false))
	if err != nil {
		return 0, fmt.Errorf("read migrations: %w", err)
	}
	known := migrations.Newest(migrations.PostgresSteps())
	have, err := s.schema(ctx)
	switch {
	case err != nil:
		return 0, openError(err)
	case have > known, o.KeepSchema && have < known:
		return 0, &SchemaError{Have: have, Known: known}
	case have == known:
		return known, nil
	}
	if o.Migrating != nil {
		o.Migrating(have, known)
	}
	if err := s.alone(ctx, func() error {
		if have, err := s.schema(ctx); err != nil || have >= known {
			return err
		}
		_, err := provider.Up(ctx)
		return err
	}); err != nil {
		return 0, openError(err)
	}
	if have, err = s.schema(ctx); err == nil && have > known { // a newer node was faster
		return 0, &SchemaError{Have: have, Known: known}
	}
	return known, err
}

// schema returns the version of the schema; 0 = there is none.
func (s *Store) schema(ctx context.Context) (version int64, err error) {
	err = s.read(ctx, func(t *tx) error {
		made, err := t.first(`SELECT 1 WHERE to_regclass('goose_db_version') IS NOT NULL`, nil, func(*row) {})
		if err != nil || !made {
			return err
		}
		_, err = t.first(`SELECT max(version_id) FROM goose_db_version WHERE is_applied`, nil, func(r *row) { version = r.Int() })
		return err
	})
	return version, err
}

// alone runs fn while no other node does. The lock belongs to a transaction that does
// nothing else, so that it works through a pooler and goes with its connection.
func (s *Store) alone(ctx context.Context, fn func() error) error {
	return s.withConn(ctx, func(c *pgxpool.Conn) error {
		t := &tx{ctx: ctx, conn: c.Conn()}
		defer t.rollback()
		t.queue("BEGIN")
		t.queue(`SELECT set_config('lock_timeout', '0', true), set_config('statement_timeout', '0', true), set_config('idle_in_transaction_session_timeout', '0', true)`)
		if _, err := t.first(`SELECT pg_advisory_xact_lock($1)`, []any{int64(migrationLock)}, func(*row) {}); err != nil {
			return err
		}
		return fn()
	})
}
