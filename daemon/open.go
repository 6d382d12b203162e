package daemon

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/agentic-sdlc/scheduler/daemon/config"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/migrations"
	"github.com/agentic-sdlc/scheduler/queue/failover"
	"github.com/agentic-sdlc/scheduler/queue/memory"
	"github.com/agentic-sdlc/scheduler/queue/redis"
	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/dump"
	"github.com/agentic-sdlc/scheduler/store/postgres"
	"github.com/agentic-sdlc/scheduler/store/sqlite"
)

// openedStore is a store with what a daemon that begins needs of it, and what copying it
// needs.
type openedStore interface {
	store.Store
	dump.Exporter
	dump.Importer
	Newest() job.ID // the newest execution; zero when there is none
}

// shared reports whether other nodes may use the store.
func (n *node) shared() bool { return n.cfg.Store.Driver == config.DriverPostgres }

func (n *node) openStore(ctx context.Context) error {
	var err error
	migrated := func() {}
	migrating := func(have, want int64) {
		n.log.InfoContext(ctx, "bringing the schema up to date", slog.Int64("from", have), slog.Int64("to", want))
		if n.o.Migrating != nil {
			migrated = n.o.Migrating(have, want)
		}
	}
	if n.shared() {
		n.store, err = n.openPostgres(ctx, migrating)
	} else {
		n.store, err = openSQLite(ctx, &n.cfg, migrating)
	}
	migrated()
	if err != nil {
		return storeError(err)
	}
	n.onClose(n.store.Close)
	info, err := n.store.Info(ctx)
	if err != nil {
		return storeError(err)
	}
	n.instance = info.Instance
	if n.shared() {
		if err := n.clock.Sync(ctx, n.store.Clock); err != nil {
			return storeError(err)
		}
	}
	n.log.InfoContext(ctx, "store open", slog.String("driver", info.Driver), slog.String("version", info.Version), slog.Int64("schema", info.Schema))
	return nil
}

// openStore opens the configured store as its schedd does.
func openStore(ctx context.Context, cfg *config.Config) (openedStore, error) {
	if cfg.Store.Driver == config.DriverPostgres {
		return opened(postgres.Open(ctx, postgresOptions(cfg)))
	}
	return openSQLite(ctx, cfg, nil)
}

func openSQLite(ctx context.Context, cfg *config.Config, migrating func(have, want int64)) (openedStore, error) {
	if err := os.MkdirAll(filepath.Dir(cfg.File()), 0o750); err != nil {
		return nil, fmt.Errorf("make the data directory: %w", err)
	}
	o := sqliteOptions(cfg)
	o.Migrating = migrating
	return opened(sqlite.Open(ctx, o))
}

func sqliteOptions(cfg *config.Config) sqlite.Options {
	return sqlite.Options{Path: cfg.File(), Synchronous: cfg.Store.SQLite.Synchronous, Instance: newInstance(), KeepSchema: !cfg.Store.AutoMigrate}
}

func postgresOptions(cfg *config.Config) postgres.Options {
	c := cfg.Store.Postgres
	return postgres.Options{
		URL: c.DSN, ExecMode: c.ExecMode, MaxConns: c.MaxConns, Durability: c.Durability, Instance: newInstance(),
		StatementTimeout: c.StatementTimeout, KeepSchema: !cfg.Store.AutoMigrate, TenantRole: c.TenantRole,
	}
}

func (n *node) openPostgres(ctx context.Context, migrating func(have, want int64)) (openedStore, error) {
	o := postgresOptions(&n.cfg)
	o.Node, o.Migrating, o.Warn = n.name, migrating, func(message string) { n.log.WarnContext(ctx, message) }
	return opened(postgres.Open(ctx, o))
}

// opened keeps a nil pointer from becoming an interface that is not nil.
func opened[S openedStore](s S, err error) (openedStore, error) {
	if err != nil {
		return nil, err
	}
	return s, nil
}

// newInstance is the identity that a store gets if it has none yet.
func newInstance() string {
	var id [16]byte
	_, _ = rand.Read(id[:]) // never fails
	return hex.EncodeToString(id[:])
}

// storeError gives the store's errors their exit status.
func storeError(err error) error {
	_, file := errors.AsType[*sqlite.LockedError](err)
	_, server := errors.AsType[*postgres.InUseError](err)
	if file || server {
		return &exitError{status: exitRunning, err: err}
	}
	if _, ok := errors.AsType[*migrations.SchemaError](err); ok {
		return &exitError{status: exitSchema, err: err}
	}
	return &exitError{status: exitStore, err: fmt.Errorf("open the store: %w", err)}
}

// openQueue makes the queue and the bus; neither needs its server to be there.
func (n *node) openQueue(context.Context) error {
	local := memory.New(memory.Options{Now: n.clock.Now})
	if n.cfg.Queue.Driver == config.DriverMemory {
		n.queue, n.bus = local, memory.NewBus(memory.BusOptions{})
		n.onClose(n.queue.Close)
		return nil
	}
	c := n.cfg.Queue.Redis
	primary, err := redis.New(redis.Options{URL: c.URL, Prefix: c.Prefix, MaxLen: int64(c.MaxLen), Now: n.clock.Now, Logger: n.log})
	if err != nil {
		return &exitError{status: exitConfig, err: err}
	}
	bus, err := redis.NewBus(redis.BusOptions{URL: c.URL, Prefix: c.Prefix})
	if err != nil {
		return &exitError{status: exitConfig, err: errors.Join(err, primary.Close())}
	}
	n.queue, n.bus = failover.New(failover.Options{Primary: primary, Local: local, Logger: n.log, Now: n.clock.Now}), bus
	n.onClose(bus.Close)
	n.onClose(n.queue.Close)
	return nil
}
