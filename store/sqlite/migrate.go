package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/pressly/goose/v3"

	"github.com/agentic-sdlc/scheduler/migrations"
)

// SchemaError says that the file's schema is not this build's.
type SchemaError = migrations.SchemaError

// migrate brings the schema up to date and returns its version.
func migrate(ctx context.Context, dsn string, migrating func(have, want int64)) (int64, error) {
	db, err := openDB(dsn)
	if err != nil {
		return 0, err
	}
	defer db.Close()
	have, err := version(ctx, db)
	if err != nil {
		return 0, openError(err)
	}
	known := migrations.Newest(migrations.SQLiteSteps())
	switch {
	case have > known:
		return 0, &SchemaError{Have: have, Known: known}
	case have == known:
		return known, nil
	}
	folder, err := fs.Sub(migrations.SQLite, "sqlite")
	if err != nil {
		return 0, err
	}
	provider, err := goose.NewProvider(goose.DialectSQLite3, db, folder, goose.WithVerbose(false))
	if err != nil {
		return 0, fmt.Errorf("read migrations: %w", err)
	}
	if migrating != nil {
		migrating(have, known)
	}
	if _, err := provider.Up(ctx); err != nil {
		return 0, openError(err)
	}
	return known, nil
}

func openDB(dsn string) (*sql.DB, error) {
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, classify(err)
	}
	db.SetMaxOpenConns(1)
	return db, nil
}

// version returns the version of the schema; 0 = there is none.
func version(ctx context.Context, db *sql.DB) (have int64, err error) {
	applied, err := applied(ctx, db)
	for v := range applied {
		have = max(have, v)
	}
	return have, err
}

// applied returns when each version was applied.
func applied(ctx context.Context, db *sql.DB) (map[int64]time.Time, error) {
	var made int
	if err := db.QueryRowContext(ctx, `SELECT count(*) FROM sqlite_schema WHERE name = 'goose_db_version'`).Scan(&made); err != nil || made == 0 {
		return nil, err
	}
	rows, err := db.QueryContext(ctx, `SELECT version_id, CAST(strftime('%s', tstamp) AS INTEGER) FROM goose_db_version WHERE is_applied`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	at := map[int64]time.Time{}
	for rows.Next() {
		var v, seconds int64
		if err := rows.Scan(&v, &seconds); err != nil {
			return nil, err
		}
		at[v] = time.Unix(seconds, 0).UTC()
	}
	return at, rows.Err()
}

// checkSchema refuses a file whose schema is not this build's, and makes none.
func checkSchema(ctx context.Context, o Options) error {
	steps, have, err := Schema(ctx, o)
	if err != nil {
		return err
	}
	if known := migrations.Newest(steps); have != known {
		return &SchemaError{Have: have, Known: known}
	}
	return nil
}

// Schema returns all migrations, with the time of those that the file has, and its
// version; 0 = there is no file, or no schema in it. Nothing is changed; whoever owns
// the file may go on.
func Schema(ctx context.Context, o Options) (steps []migrations.Step, have int64, err error) {
	steps = migrations.SQLiteSteps()
	if err := checkFile(o.Path); err != nil {
		return nil, 0, err
	}
	if _, err := os.Stat(o.Path); errors.Is(err, os.ErrNotExist) {
		return steps, 0, nil
	}
	o.ReadOnly = true
	db, err := openDB((&Store{}).dsn(o))
	if err != nil {
		return nil, 0, err
	}
	defer db.Close()
	at, err := applied(ctx, db)
	if err != nil {
		return nil, 0, openError(err)
	}
	for i := range steps {
		steps[i].AppliedAt = at[steps[i].Version]
	}
	for v := range at {
		have = max(have, v)
	}
	return steps, have, nil
}

// Hold keeps every schedd from using the file until release, or says which one does.
func Hold(path string) (release func() error, err error) {
	lock, err := lockFile(path)
	if err != nil {
		return nil, err
	}
	return lock.Close, nil
}
