package daemon

import (
	"context"

	"github.com/agentic-sdlc/scheduler/daemon/config"
	"github.com/agentic-sdlc/scheduler/migrations"
	"github.com/agentic-sdlc/scheduler/store/postgres"
	"github.com/agentic-sdlc/scheduler/store/sqlite"
)

// Schema returns the migrations of the configured store, with the time of those that it
// has, and its version; 0 = none. It changes nothing.
func Schema(ctx context.Context, cfg config.Config) (steps []migrations.Step, have int64, err error) {
	if cfg.Store.Driver == config.DriverPostgres {
		steps, have, err = postgres.Schema(ctx, postgresOptions(&cfg))
	} else {
		steps, have, err = sqlite.Schema(ctx, sqliteOptions(&cfg))
	}
	if err != nil {
		return nil, 0, storeError(err)
	}
	return steps, have, nil
}

// Migrate brings the schema of the configured store up to date, whatever
// store.auto_migrate says.
func Migrate(ctx context.Context, cfg config.Config) error {
	cfg.Store.AutoMigrate = true
	s, err := openStore(ctx, &cfg)
	if err != nil {
		return storeError(err)
	}
	return s.Close()
}
